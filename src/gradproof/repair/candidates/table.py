"""The table of edits: what is written, what may be meant instead, and how unlikely that is.

A row is ``old → new ; new … | cost | wrong → right | what``; ``↔`` reads both ways. ``wrong →
right`` is an example, and the test of the row; ``what`` tells a person, where ``old → new`` would
not do.

Costs: about one unit for each tenfold in how rarely it is meant. 1: slips that everybody makes.
2: slips that happen. 3: possible. What the diagnosis asks for costs a fraction.

A small letter stands for any expression, but for ``v``, a name or a holder as ``params["W"]``;
``s``, one of these or an entry; ``k``, a number that a name holds; ``j``, an index that may come
more than once; ``n``, no number literal; ``q``, no product; ``g``, the name of a function; ``w``, a
square matrix; ``z``, what may be one. ``N`` is a number literal, ``D`` one with a point, ``...``
more arguments, ``np`` any library of arrays. In what is meant there also come in: ``S`` a number in
scope, ``C`` a count as ``len(X)``, ``V`` an array that fits, ``E`` one of the same shape, ``L``
another literal, ``H`` a factor and ``T`` a term that the diagnosis asks for, ``R`` a term that
stands elsewhere.

A sign in front says where to look: ``@`` at what is assigned, returned or added up, ``=`` only at
the whole of it, ``(`` at arguments, elements and branches, ``*`` at operands of matrix products,
``?`` at conditions. ``.sum`` is the name of a function or a method that is called. Of ``{a b}``
each makes a row, and stands where there is ``{}``; ``f`` is the name of what is called, and in what
is written any reduction.
"""

from __future__ import annotations

FACTORS = """
N * a → a | 1 | 2 * A → A | drop the factor {N}
a * N → a | 1 | A * 2 → A | drop the factor {N}
a / N → a | 1 | A / 2 → A | drop the divisor {N}
N / a → 1 / a | 1 | 4 / m → 1 / m
k * a → a | 1.2 | m * A → A | drop the factor {k}
a * k → a | 1.2 | A * m → A | drop the factor {k}
a / k → a | 1.2 | A / m → A | drop the divisor {k}
1 / k * a → a | 1.2 | 1 / m * A → A | drop the divisor {k}
v * a → a | 1.8 | A * B → B | drop the factor {v}
a * v → a | 1.8 | A * B → A | drop the factor {v}
a / v → a | 1.8 | A / B → A | drop the divisor {v}
a * b → a | 2.2 | A * (1 - B) → A | drop the factor {b}
q * b → b | 2.2 | (1 - A) * B → B | drop the factor {q}
a * b → b | 3 | 2 * A * B → B | drop the factor {a}
a / b → a | 2.2 | A / (1 + B) → A | drop the divisor {b}
a / b → 1 / b | 3 | A / B → 1 / B | drop the factor {a}
a // b → a | 3 | A // m → A | drop the divisor {b}
a @ b → a ; b | 3.8 | A @ B → A
@ a → a * H | 1.5 | A → 6 * A
@ a → a / S | 1.5 | A @ B → A @ B / m
@ a → a * S | 1.8 | A @ B → A @ B * m
@ a → 2 * a ; a / 2 | 1.6 | A → 2 * A
@ a → a / C | 1.7 | A → A / len(A)
@ a → a * C | 2 | A → A * len(A)
@ a → a * V | 2.2 | A → A * B
@ a → a / V | 2.6 | A → A / v
@ a → a * (1 - E**2) ; a * (E > 0) ; a * (E * (1 - E)) | 2 | Z → Z * (1 - H**2)
@ a → a * (1 - E) | 2.4 | Z → Z * (1 - H)
@ a → 3 * a ; a / 3 ; 4 * a ; a / 4 | 2.3 | A → 3 * A
@ a → a / S**0.5 ; a * S**0.5 | 2.4 | A → A / m**0.5
np.{sum mean}(a, ...) → np.f(a * E, ...) | 2.3 | np.sum(A, axis=0) → np.sum(A * B, axis=0)
a.{sum mean}(...) → (a * E).f(...) | 2.3 | A.sum(axis=0) → (A * B).sum(axis=0)
* a → a * V | 2.5 | A @ (B - 1) → A @ ((B - 1) * W1)
* a → a / V | 2.9 | A @ (B - 1) → A @ ((B - 1) / W1)
@ a → L * a ; a / L | 2.7 | A + 7 → 7 * A + 7
@ a → a * np.sign(E) | 2.8 | A → A * np.sign(B)
"""

TERMS = """
a + b → a | 1.6 | A + B → A | drop the term {b}
a + b → b | 1.6 | A + B → B | drop the term {a}
a - b → a | 1.6 | A - B → A | drop the term {b}
a - b → -b | 1.6 | A - B → -B | drop the term {a}
a + b + c → a | 2.4 | A + B + v → A | keep only the term {a}
a + b - c → a | 2.4 | A + B - v → A | keep only the term {a}
= a → a + T | 0.6 | A → A + lam * B
= w → w + w.T | 2.6 | A → A + A.T
= w → w + w.T - np.diag(np.diag(w)) | 2.8 | A → A + A.T - np.diag(np.diag(A))
= a → a + R ; a - R | 2.7 | W1 = B @ A⏎W2 = A → W1 = B @ A⏎W2 = A + B @ A
= a → a + E ; a - E | 3.4 | A → A + B
= a → a + S * E | 2.8 | A → A + lam * W1
= a → a - E.mean(axis=0) ; a - E.sum(axis=0) | 3.2 | A → A - B.mean(axis=0)
a - b → a - b - E.mean(axis=0) ; a - b - E.sum(axis=0) ; a - b - E.mean(-1, keepdims=True) | 3.2 \
| A - B → A - B - W1.mean(axis=0)
= a → a + S * np.sign(E) | 3.8 | A → A + lam * np.sign(W1)
= a → a + S ; a - S | 3 | A → A + m
= a / b → (a + S) / b | 3 | A / B → (A + m) / B | add the term {S}
"""

CONSTANTS = """
N → N * H ; N / H | 1.8 | 4 * A → 24 * A
N → N + 1 ; N - 1 ; -N ; 2 * N ; N / 2 | 1.8 | A + 1 → A + 2
N → N * N ; 1 - N ; 10 * N ; N / 10 ; N**0.5 | 2.4 | A * 3 → A * 9
D → D / 1000 | 2.4 | A + 0.3 → A + 0.0003
N → 1 / N | 2.4 | A * 4 → A * (1 / 4)
N → S | 2.2 | 0.31 * A → lam * A
N → L | 2.4 | A * 7 + 0.25 → A * 0.25 + 0.25
v → v**2 | 2.3 | A * (1 - B) → A * (1 - B**2)
a**b → a | 1.5 | A**2 → A | drop the exponent {b}
a**N → a**2 ; a**3 ; a**0.5 ; a**1.5 | 1.8 | A**4 → A**2
a**2 → 2 * a | 1.8 | A**2 → 2 * A
a**0.5 → a / 2 | 2.4 | A**0.5 → A / 2
"""

SIGNS = """
-n → n | 1.1 | -A → A | drop the minus of {n}
-N → N | 2 | -2 * A → 2 * A | drop the minus of {N}
a - b → b - a ; a + b | 1.1 | A - B → B - A
a + b → a - b | 1.1 | A + B → A - B
@ a → -a | 1.2 | A → -A | change the sign of {a}
( a → -a | 1.5 | np.sum(A) → np.sum(-A)
a += b → a -= b | 1.1 | A += B → A -= B
a -= b → a += b | 1.1 | A -= B → A += B
np.add.at(a, i, b) → np.subtract.at(a, i, b) | 1.1 | np.add.at(A, i, B) → np.subtract.at(A, i, B)
np.subtract.at(a, i, b) → np.add.at(a, i, b) | 1.1 | np.subtract.at(A, i, B) → np.add.at(A, i, B)
"""

OPERATORS = """
a * b → a @ b ; a / b | 2 | A * B → A @ B
a * b → a + b | 2.8 | A * B → A + B
a @ b → a * b | 2 | A @ B → A * B
a / b → a * b | 2 | A / B → A * B
a // b → a / b | 2 | m // 2 → m / 2
a // b → a * b | 2.8 | m // 2 → m * 2
a + b → a * b | 2.8 | A + B → A * B
a - b → a * b ; a / b | 2.8 | A - B → A * B
a**b → a * b | 2.8 | A**m → A * m
np.{dot matmul multiply}(a, b) → a * b | 2 | np.dot(A, B) → A * B
a.{dot matmul}(b) → a * b | 2 | A.dot(B) → A * B
a *= b → a /= b | 2 | A *= m → A /= m
a /= b → a *= b | 2 | A /= m → A *= m
a += b → a *= b | 2 | A += B → A *= B
"""

COMPARISONS = """
a > b ↔ a < b | 1.6 | A > 0 → A < 0
a >= b ↔ a <= b | 1.6 | A >= 0 → A <= 0
a > b ↔ a >= b | 1.6 | A > 0 → A >= 0
a < b ↔ a <= b | 1.6 | A < 0 → A <= 0
a == b ↔ a != b | 1.6 | A == 0 → A != 0
a {> < >= <= == !=} b → a > b ; a < b ; a >= b ; a <= b ; a != b ; a == b | 2.2 | A > 0 → A <= 0
a {> < >= <=} N → a {} S ; a {} 0 ; a {} 1 ; a {} 0.5 | 2.2 | A > 2 → A > lam
a {> < >= <=} b → abs(a) {} b | 2.2 | A > 1 → abs(A) > 1
a {> < >= <=} b → E {} b | 2.5 | A @ B > 0 → W1 > 0
np.zeros_like(a) → E | 2.5 | np.zeros_like(A) → B
np.where(c, a, b) → np.where(c, b, a) | 1.6 | np.where(A, 1, B) → np.where(A, B, 1)
np.where(c, a, b) → a ; b | 1.8 | np.where(A > 0, B, v) → B
a if c else b → b if c else a | 1.6 | A if m else B → B if m else A
a if c else b → a ; b | 1.8 | A if m else B → A
not a → a | 1.6 | A if not m else B → A if m else B | drop the negation of {a}
~a → a | 1.6 | A * ~B → A * B | drop the negation of {a}
? a → not a | 2.2 | if m:⏎    A = B → if not m:⏎    A = B
"""

TRANSPOSES = """
a.{T mT} → a | 1.5 | A.T @ B → A @ B
np.{transpose swapaxes moveaxis}(a, ...) → a | 1.5 | np.transpose(A) @ B → A @ B
a.{transpose swapaxes moveaxis}(...) → a | 1.5 | A.transpose() @ B → A @ B
a.reshape(...) → a.T | 2 | A.reshape(4, 4) → A.T
np.reshape(a, ...) → a.T | 2 | np.reshape(A, (4, 4)) → A.T
* v → v.T | 1.5 | A @ B → A.T @ B
* a → a.T | 2 | (A + B) @ W1 → (A + B).T @ W1
v → v.T | 1.9 | helper(A) → helper(A.T)
= a → a.T | 2 | np.linalg.inv(A) → np.linalg.inv(A).T
f(...) → f(...).T | 2 | A * helper(B) → A * helper(B).T
a @ b → b @ a ; b.T @ a.T | 1.8 | A @ B → B @ A
a @ b → a.T @ b.T ; b.T @ a ; b @ a.T | 2.3 | A.T @ B.T → A @ B
np.{dot matmul outer}(a, b) → np.f(b, a) ; np.f(b.T, a.T) | 1.8 | np.dot(A, B) → np.dot(B, A)
np.{dot matmul}(a, b) → np.f(a.T, b.T) ; np.f(b.T, a) ; np.f(b, a.T) | 2.3 | \
np.dot(A, B) → np.dot(A.T, B.T)
np.{conj conjugate}(a) → a | 1.8 | np.conj(A) @ x → A @ x
a.{conj conjugate real imag}() → a | 1.8 | A.conj() @ x → A @ x
a.{real imag} → a | 1.8 | A.real → A
a.T → a.conj().T | 1.8 | A.T @ x.conj() → A.conj().T @ x.conj()
* a → a.conj() | 1.8 | 1j * A @ B → 1j * A @ B.conj()
= a → a.conj() | 1.8 | 1j * A → (1j * A).conj()
"""

CALLS = """
.sum ↔ .mean | 1.3 | A.sum() → A.mean()
.zeros ↔ .ones | 1.3 | np.zeros(m) → np.ones(m)
.zeros_like ↔ .ones_like | 1.3 | np.zeros_like(A) → np.ones_like(A)
.sin ↔ .cos | 1.6 | np.sin(A) → np.cos(A)
np.cos(a) → -np.sin(a) | 2 | np.cos(A) → -np.sin(A)
.sinh ↔ .cosh | 1.6 | np.sinh(A) → np.cosh(A)
.cdf ↔ .pdf | 1.6 | norm.cdf(A) → norm.pdf(A)
.logcdf → .logpdf ; .pdf | 1.8 | norm.logcdf(A) → norm.logpdf(A)
.{gammaln lgamma loggamma} → .digamma ; .psi | 1.8 | sp.gammaln(A) → sp.digamma(A)
.{max amax} → .min ; .sum | 2.2 | np.max(A) → np.min(A)
.{min amin} → .max | 2.2 | np.min(A) → np.max(A)
.maximum ↔ .minimum | 2.2 | np.maximum(A, 0) → np.minimum(A, 0)
.argmax ↔ .argmin | 2.2 | np.argmax(A) → np.argmin(A)
.exp → .expm1 ; .log | 2.2 | np.exp(A) → np.expm1(A)
.expm1 → .exp | 2.2 | np.expm1(A) → np.exp(A)
.log → .log1p ; .log2 ; .log10 ; .exp | 2.2 | np.log(A) → np.log1p(A)
.{log1p log2 log10} → .log | 2.2 | np.log1p(A) → np.log(A)
.tanh → .arctan ; .sinh ; .cosh | 2.2 | np.tanh(A) → np.arctan(A)
.arctan → .tanh | 2.2 | np.arctan(A) → np.tanh(A)
.floor → .ceil ; .round | 2.2 | np.floor(A) → np.ceil(A)
.{ceil round} → .floor | 2.2 | np.ceil(A) → np.floor(A)
.fft ↔ .ifft | 2.2 | np.fft.fft(A) → np.fft.ifft(A)
.{rfft fft2} → .irfft ; .ifft2 | 2.2 | np.fft.rfft(A) → np.fft.irfft(A)
.{irfft ifft2} → .rfft ; .fft2 | 2.2 | np.fft.irfft(A) → np.fft.rfft(A)
.triu ↔ .tril | 2.2 | np.triu(A) → np.tril(A)
.abs → .sign ; .square | 2.2 | np.abs(A) → np.sign(A)
.sign → .abs | 2.2 | np.sign(A) → np.abs(A)
.sqrt → .square | 2.2 | np.sqrt(A) → np.square(A)
.square → .sqrt ; .abs | 2.2 | np.square(A) → np.sqrt(A)
.any ↔ .all | 2.2 | np.any(A) → np.all(A)
.flipud ↔ .fliplr | 2.2 | np.flipud(A) → np.fliplr(A)
.{vstack hstack} → .hstack ; .vstack | 2.2 | np.vstack(A) → np.hstack(A)
.{repeat tile} → .tile ; .repeat | 2.2 | np.repeat(A, 2) → np.tile(A, 2)
.dot → .outer ; .multiply | 2.2 | np.dot(u, v) → np.outer(u, v)
.outer → .dot ; .multiply | 2.2 | np.outer(u, v) → np.dot(u, v)
.{inv pinv} → .pinv ; .inv | 2.2 | np.linalg.inv(A) → np.linalg.pinv(A)
.{var std} → .std ; .var ; .sum | 2.2 | A.var() → A.std()
.zeros_like → .copy | 2.2 | np.zeros_like(A) → np.copy(A)
.{prod cumprod} → .sum ; .cumsum | 2.2 | np.prod(A) → np.sum(A)
.{erf erfc} → .erfc ; .erf | 2.2 | sp.erf(A) → sp.erfc(A)
.{j0 i0 k0} → .j1 ; .i1 ; .k1 | 1.8 | sp.j0(A) → sp.j1(A)
.{sigmoid relu softplus} → .sigmoid ; .sign | 2.2 | jax.nn.softplus(A) → jax.nn.sigmoid(A)
.{log_softmax logsumexp} → .softmax | 1.8 | F.log_softmax(A) → F.softmax(A)
np.tanh(a) → 1 - np.tanh(a)**2 | 2.6 | np.tanh(A) → 1 - np.tanh(A)**2
np.log(a) → 1 / a | 2.6 | np.log(A) → 1 / A
np.sqrt(a) → 0.5 / np.sqrt(a) | 2.6 | np.sqrt(A) → 0.5 / np.sqrt(A)
np.square(a) → 2 * a | 2.6 | np.square(A) → 2 * A
np.sigmoid(a) → np.sigmoid(a) * (1 - np.sigmoid(a)) | 2.6 | \
np.sigmoid(A) → np.sigmoid(A) * (1 - np.sigmoid(A))
np.cumsum(a, ...) → np.cumsum(a[::-1], ...)[::-1] | 2.2 | np.cumsum(A) → np.cumsum(A[::-1])[::-1]
@ a → np.cumsum(a, axis=0) ; np.cumsum(a[::-1], axis=0)[::-1] | 2.8 | \
A @ v → np.cumsum(A @ v, axis=0)
a[-1] → a.sum(axis=0) | 2.2 | Z[-1] → Z.sum(axis=0)
a[0] → a.sum(axis=0) | 2.2 | Z[0] → Z.sum(axis=0)
a[-1] → a.mean(axis=0) | 2.8 | Z[-1] → Z.mean(axis=0)
= v → v.sum(axis=0) | 2.2 | {'b': Z} → {'b': Z.sum(axis=0)}
"""

WRAPPERS = """
np.{clip round float16 float32 copy sign abs tril triu cumsum roll flip}(a, ...) → a | 1.5 | \
np.clip(A, -1, 1) → A | drop {f} around {a}
a.{clip round astype copy sign abs tril triu cumsum roll flip}(...) → a | 1.5 | \
A.clip(-1, 1) → A | drop {f} around {a}
np.{absolute rint floor ceil flipud fliplr sqrt square exp log tanh nan_to_num asarray array int8 \
around trunc maximum minimum diff sort real imag zeros_like squeeze ravel sin cos diag \
ascontiguousarray stop_gradient}(a, ...) → a | 2.4 | np.sqrt(A) → A | drop {f} around {a}
a.{detach squeeze ravel flatten sort sqrt square exp log tanh}(...) → a | 2.4 | \
A.sqrt() → A | drop {f} around {a}
g(a) → a | 2.4 | helper(A) → A | drop {g} around {a}
a.astype(b) → a.astype(float) | 2.4 | A.astype(t) → A.astype(float)
( a → np.sign(a) ; np.abs(a) | 2.4 | helper(A, B) → helper(np.sign(A), B)
@ a → np.sign(a) ; np.abs(a) | 2.4 | A → np.sign(A)
@ z → np.tril(z) ; np.triu(z) | 2.4 | A → np.tril(A)
"""

ACCUMULATION = """
a += b → a = b | 2.2 | A += B → A = B
a -= b → a = b | 2.2 | A -= B → A = B
a *= b → a = b | 2.2 | A *= B → A = B
a[j] += b → np.add.at(a, j, b) | 1.3 | A[i] += B → np.add.at(A, i, B)
a[j] -= b → np.subtract.at(a, j, b) | 1.3 | A[i] -= B → np.subtract.at(A, i, B)
a[j] = b → np.add.at(a, j, b) | 1.3 | A[i] = B → np.add.at(A, i, B)
a[i, j] += b → np.add.at(a, (i, j), b) | 1.3 | A[0, i] += B → np.add.at(A, (0, i), B)
a[i, j] -= b → np.subtract.at(a, (i, j), b) | 1.3 | A[0, i] -= B → np.subtract.at(A, (0, i), B)
a[i, j] = b → np.add.at(a, (i, j), b) | 1.3 | A[0, i] = B → np.add.at(A, (0, i), B)
a[:, j] += b → np.add.at(a, np.s_[:, j], b) | 1.3 | A[:, i] += B → np.add.at(A, np.s_[:, i], B)
a[:, j] = b → np.add.at(a, np.s_[:, j], b) | 1.3 | A[:, i] = B → np.add.at(A, np.s_[:, i], B)
np.add.at(a, i, b) → a[i] += b | 2.2 | np.add.at(A, i, B) → A[i] += B
v = s → v = s.copy() | 2.2 | dW = A → dW = A.copy()
a.copy() → np.zeros_like(a) | 2.2 | A.copy() → np.zeros_like(A)
"""

INDICES = """
a[:, None] → a | 1.5 | A * u[:, None] → A * u
range(a) → range(1, a) | 1.5 | range(m) → range(1, m)
range(a, b) → range(b) | 1.5 | range(1, m) → range(m)
range(a, b, c) → range(a, b) | 2.2 | range(0, m, 2) → range(0, m)
range(...) → reversed(range(...)) | 2.6 | list(range(m)) → list(reversed(range(m)))
reversed(a) → a | 2.2 | list(reversed(t)) → list(t)
np.roll(a, b, ...) → np.roll(a, -b, ...) | 1.5 | np.roll(A, 1, axis=0) → np.roll(A, -1, axis=0)
a.roll(b, ...) → a.roll(-b, ...) | 1.5 | A.roll(1, 0) → A.roll(-1, 0)
"""

AXES = """
np.f(a, {axis dim}=b, ...) → np.f(a, {}=0, ...) ; np.f(a, {}=1, ...) ; np.f(a, {}=-1, ...) | 1.4 | \
np.sum(A, axis=2) → np.sum(A, axis=0)
a.f({axis dim}=b, ...) → a.f({}=0, ...) ; a.f({}=1, ...) ; a.f({}=-1, ...) | 1.4 | \
A.sum(axis=2) → A.sum(axis=0)
a.f({axis dim}=b, ...) → a.f({}=2, ...) | 1.8 | A.sum(axis=0) → A.sum(axis=2)
a.f({axis dim}=b, ...) → a.f({}=(0, 1), ...) ; a.f({}=(1, 2), ...) ; a.f({}=(0, 2), ...) | 2 | \
A.sum(axis=0) → A.sum(axis=(0, 1))
np.f(a, {axis dim}=b, ...) → np.f(a, {}=(0, 1), ...) ; np.f(a, {}=(1, 2), ...) | 2 | \
np.sum(A, axis=0) → np.sum(A, axis=(0, 1))
a.f({axis dim}=(b, c), ...) → a.f({}=b, ...) ; a.f({}=c, ...) | 1.4 | \
A.sum(axis=(0, 1)) → A.sum(axis=0)
np.f(a, {axis dim}=(b, c), ...) → np.f(a, {}=b, ...) ; np.f(a, {}=c, ...) | 1.4 | \
np.sum(A, axis=(0, 1)) → np.sum(A, axis=0)
a.f({axis dim}=(b, c, d), ...) → a.f({}=(b, c), ...) ; a.f({}=(b, d), ...) ; a.f({}=(c, d), ...) \
| 1.4 | A.sum(axis=(0, 1, 2)) → A.sum(axis=(0, 2))
np.f(a, {axis dim}=(b, c, d), ...) → np.f(a, {}=(b, c), ...) ; np.f(a, {}=(b, d), ...) ; \
np.f(a, {}=(c, d), ...) | 1.4 | np.sum(A, axis=(0, 1, 2)) → np.sum(A, axis=(0, 2))
np.f(a, {axis dim}=b, ...) → np.f(a, ...) | 1.7 | np.sum(A, axis=0) → np.sum(A)
a.f({axis dim}=b, ...) → a.f(...) | 1.7 | A.sum(axis=0) → A.sum()
a.f(N, ...) → a.f(0, ...) ; a.f(1, ...) ; a.f(-1, ...) | 1.4 | A.sum(2) → A.sum(0)
a.f(-N, ...) → a.f(0, ...) ; a.f(1, ...) | 1.4 | A.sum(-1) → A.sum(0)
np.f(a, N, ...) → np.f(a, 0, ...) ; np.f(a, 1, ...) ; np.f(a, -1, ...) | 1.4 | \
np.sum(A, 2) → np.sum(A, 0)
a.f(N, ...) → a.f(...) | 1.7 | A.sum(2) → A.sum()
np.{sum mean max min norm}(a) → np.{}(a, axis=0) ; np.{}(a, axis=1) ; np.{}(a, axis=-1) | 1.6 | \
np.sum(A) → np.sum(A, axis=0)
a.{sum mean max min var std}() → a.{}(axis=0) ; a.{}(axis=1) ; a.{}(axis=-1) | 1.6 | \
A.sum() → A.sum(axis=0)
"""

DIMENSIONS = """
np.f(a, axis=b) ↔ np.f(a, axis=b, keepdims=True) | 1.6 | \
np.sum(A, axis=0) → np.sum(A, axis=0, keepdims=True)
a.f(axis=b) ↔ a.f(axis=b, keepdims=True) | 1.6 | A.sum(axis=0) → A.sum(axis=0, keepdims=True)
a.f(N) ↔ a.f(N, keepdims=True) | 1.6 | A.sum(0) → A.sum(0, keepdims=True)
a.f(axis=b, keepdims=False) → a.f(axis=b, keepdims=True) | 1.6 | \
A.sum(axis=0, keepdims=False) → A.sum(axis=0, keepdims=True)
"""

TABLE = {
    "factor": FACTORS,
    "constant": CONSTANTS,
    "sign": SIGNS,
    "operator": OPERATORS,
    "transpose": TRANSPOSES,
    "comparison": COMPARISONS,
    "term": TERMS,
    "reduction": CALLS,
    "index": INDICES,
    "axis": AXES,
    "keepdims": DIMENSIONS,
    "unwrap": WRAPPERS,
    "accumulation": ACCUMULATION,
}
