"""What each sort of edit costs: about one unit for each tenfold in how rarely it is meant.

Below 1: the diagnosis asked for it. 1: slips that everybody makes. 2: slips that happen.
3: possible. From 4 on: tried because it costs little.
"""

# A statement that the diagnosis names is far likelier to hold the fault than its neighbours, but
# it may also lie in a statement that feeds it: not so much that all of its edits come first.
BONUS = 1.0
# What cost little already keeps so much of it: the order among them has to stay.
KEPT = 0.3
# Among edits of one sort the smaller change comes first; 100 characters are a unit.
LENGTH = 0.01

# Factors
HINTED_DROP = 0.2  # the very factor that the measured error shows is written there
HINTED_CHANGE = 0.3  # a number, a name, a sum there is another one: 4 for 1, a mean for a sum
HINTED = 0.6  # the factor appended, as it goes by a name in the code, or if it is 2 or 1/2
HINTED_LITERAL = 0.9  # the same as a bare number
DROP_NUMBER = 1.0  # `2 *` left over from a derivative of a square is the classic
DROP_SCALAR = 1.2  # `/ m` twice, once for the batch and once for the cost
DROP_ARRAY = 1.8  # a mask or a derivative too much
DROP_EXPRESSION = 2.2
DROP_SEVERAL = 3.0  # everything to the left of a factor
DROP_MATRIX = 3.8  # a factor of a matrix product seldom is superfluous, and shapes forbid most
ADD_SCALAR = 1.5  # `/ m` forgotten
ADD_COUNT = 1.7  # the same without a name for it
ADD_ROOT = 2.4  # the root of a size, in front of an embedding or under scores
ADD_NUMBER = 1.6  # the 2 of a square, the 1/2 in front of it
ADD_ARRAY = 2.2  # a mask, weights
ADD_DERIVATIVE = 2.0  # of an activation
ADD_UNKNOWN = 3.0  # nobody knows whether the shapes fit
FAR = 0.8  # for a name that neither the function nor its helpers read

# Constants
NUDGE = 1.8  # one more or less, negated, twice, half
STRETCH = 2.4  # the square, ten times, 0 for 1
EXPONENT = 1.5  # the derivative of a power has another power
OTHER_LITERAL = 2.4  # one that stands elsewhere in the code
CONSTANT_NAME = 2.2  # a literal copied by hand where a name has the right one

# Signs
SIGN = 1.1  # the most frequent slip of all after the factor
SIGN_INSIDE = 1.5
SIGN_POSITIVE = 2.3  # of a norm, a root, an exponential: what cannot be negative

# Operators
OPERATOR = 2.0
OPERATOR_RARE = 2.8

# Transposes and conjugates
TRANSPOSE = 1.5
TRANSPOSE_CALL = 2.0  # of something that is computed in place
SWAP = 1.8  # the operands of a product
AXES = 1.6
CONJUGATE = 1.8  # where the code is complex
CONJUGATE_RARE = 3.5

# Names
NAME_SAME_SHAPE = 1.5
NAME_UNKNOWN = 2.5
NAME_OTHER_SHAPE = 3.2
KEY = 1.4  # another entry of the same dictionary
KEY_UNKNOWN = 1.8
HOLDER = 0.7  # more than for a name: `params["W"]` for `W`
SWAP_VALUES = 1.5  # two entries of what is returned

# Axes, reductions, comparisons
AXIS = 1.4
KEEPDIMS = 1.6
REDUCTION = 1.3  # a mean for a sum
REDUCTION_RARE = 2.2
COMPARISON = 1.6
COMPARISON_RARE = 2.2
BRANCHES = 1.6
ONE_BRANCH = 1.8  # a choice where there is none

# Terms
DROP_TERM = 1.6
ADD_TERM = 3.0
REPEAT_TERM = 2.6  # a term that the code has elsewhere, or one that has its other half

# Indices
INDEX = 1.5
INDEX_RARE = 2.2

# Accumulation and statements
ACCUMULATE = 1.3
ACCUMULATE_RARE = 2.2
DROP_STRAY = 1.4  # a change of what a statement before had computed
DROP_STATEMENT = 2.0
MOVE = 2.6

# The same change wherever it can be made in a function: copied lines share their slips
EVERYWHERE = 0.8

# Arguments and calls
ARGUMENTS = 2.0
UNWRAP = 1.5
UNWRAP_RARE = 2.4
WRAP = 2.4
