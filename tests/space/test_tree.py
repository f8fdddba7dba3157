"""The point as a tree: names, order, the way back, and where a gradient is looked up."""

import dataclasses
import gc
import subprocess
import sys
from collections import OrderedDict, defaultdict, deque, namedtuple
from types import SimpleNamespace

import numpy as np
import optree
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradproof.space.tree import NAMESPACE, beginnings, flatten, lookup

Layer = namedtuple("Layer", ["W", "b"])


def found(gradients, params):
    """What ``lookup`` finds for each leaf of ``params``, by name."""
    tree = flatten(params)
    known = beginnings(tree.paths)
    return {
        name: lookup(gradients, path, known)
        for name, path in zip(tree.names, tree.paths, strict=True)
    }


# Order


@pytest.mark.parametrize("kind", [dict, OrderedDict, lambda d: defaultdict(float, d)])
def test_dictionaries_keep_the_order_in_which_they_were_written(kind):
    gc.collect()  # the setting must not hang on an object that is collected
    tree = flatten(kind({"b1": 1, "W1": 2, "a": {"z": 3, "y": 4}}))
    assert tree.leaves == (1, 2, 3, 4)
    back = tree.unflatten(tree.leaves)
    assert list(back) == ["b1", "W1", "a"]
    assert list(back["a"]) == ["z", "y"]


def test_other_peoples_dictionaries_are_still_sorted():
    flatten({"b": 1, "a": 2})
    assert optree.tree_leaves({"b": 1, "a": 2}) == [2, 1]
    assert optree.tree_leaves({"b": 1, "a": 2}, namespace="somebody else's") == [2, 1]


def test_keys_that_cannot_be_sorted():
    tree = flatten({1: "int", "1": "str", None: "none", (1, 2): "tuple"})
    assert tree.leaves == ("int", "str", "none", "tuple")


# Names


def test_names_are_python_expressions_that_lead_to_the_leaf():
    params = {
        "W1": 0,
        "p[red]": 1,
        "it's": 2,
        'say "x"\n': 3,
        7: 4,
        (1, 2): 5,
        "layers": [Layer(6, 7), (8,)],
        "queue": deque([9]),
    }
    tree = flatten(params)
    assert tree.names[0] == "params['W1']"
    assert tree.names[6] == "params['layers'][0].W"
    for name, leaf in zip(tree.names, tree.leaves, strict=True):
        assert eval(name, {"params": params}) == leaf
    assert len(set(tree.names)) == len(tree.leaves)


def test_the_root_can_be_called_otherwise():
    assert flatten({"a": 1}, root="theta").names == ("theta['a']",)
    assert flatten(3.0, root="theta").names == ("theta",)
    assert flatten(3.0).names == ("params",)
    assert flatten(3.0).paths == ((),)


def test_paths_lead_to_the_leaves():
    paths = flatten({"a": [1, Layer(2, {"c": 3})]}).paths
    assert paths == (("a", 0), ("a", 1, "W"), ("a", 1, "b", "c"))


# What is a leaf


def test_none_is_a_leaf_and_comes_back():
    tree = flatten({"a": None, "b": [1, None]})
    assert tree.leaves == (None, 1, None)
    assert tree.unflatten(tree.leaves) == {"a": None, "b": [1, None]}


@pytest.mark.parametrize("leaf", [np.ones((2, 2)), 1.5, np.float32(1), "relu", object()])
def test_arrays_and_numbers_are_leaves(leaf):
    (only,) = flatten(leaf).leaves
    assert only is leaf
    assert flatten(leaf).unflatten([leaf]) is leaf


@pytest.mark.parametrize("empty", [{}, [], (), {"a": [], "b": ()}])
def test_empty_containers_have_no_leaves_and_come_back(empty):
    tree = flatten(empty)
    assert tree.leaves == tree.names == tree.paths == ()
    assert tree.unflatten([]) == empty


def test_leaves_are_the_users_own_objects_not_copies():
    W = np.ones(2)
    assert flatten({"W": W}).leaves[0] is W


def test_unflatten_wants_as_many_leaves_as_there_were():
    tree = flatten({"a": 1, "b": 2})
    for wrong in ([1], [1, 2, 3]):
        with pytest.raises(ValueError, match="leaves"):
            tree.unflatten(wrong)


# Dataclasses


def fresh_dataclass():
    @dataclasses.dataclass
    class Net:
        b: float
        W: float
        name: str = optree.dataclasses.field(default="net", pytree_node=False)

    return Net


def registered_by_decorator(namespace):
    @optree.dataclasses.dataclass(namespace=namespace)
    class Net:
        b: float
        W: float
        name: str = optree.dataclasses.field(default="net", pytree_node=False)

    return Net


def registered_by_call(namespace):
    return optree.dataclasses.register_node(fresh_dataclass(), namespace=namespace)


REGISTRATIONS = [registered_by_decorator]
if hasattr(optree.dataclasses, "register_node"):  # optree 0.20
    REGISTRATIONS.append(registered_by_call)


@pytest.mark.parametrize("register", REGISTRATIONS)
@pytest.mark.parametrize(
    "namespace", ["the user's", NAMESPACE, optree.registry.__dict__["__GLOBAL_NAMESPACE"]]
)
def test_registered_dataclasses_are_nodes_whatever_their_namespace(register, namespace):
    net = register(namespace)(1.0, 2.0, "mine")
    tree = flatten({"net": net})
    assert tree.leaves == (1.0, 2.0)
    assert tree.names == ("params['net'].b", "params['net'].W")
    assert tree.paths == (("net", "b"), ("net", "W"))
    back = tree.unflatten([3.0, 4.0])["net"]
    assert back == type(net)(3.0, 4.0, "mine")
    assert flatten({"net": net}).leaves == (1.0, 2.0)  # and again, now that it is known


def test_a_dataclass_that_nobody_registered_is_one_leaf():
    net = fresh_dataclass()(1.0, 2.0)
    assert flatten({"net": net}).leaves == (net,)


def test_a_subclass_of_a_registered_dataclass_is_a_node_with_all_its_fields():
    @dataclasses.dataclass
    class Child(registered_by_decorator("the user's")):
        c: float = 3.0

    tree = flatten(Child(1.0, 2.0))
    assert tree.leaves == (1.0, 2.0, 3.0)
    assert tree.unflatten([4.0, 5.0, 6.0]) == Child(4.0, 5.0, c=6.0)


def test_flattening_leaves_the_users_own_namespace_as_it_was():
    net = registered_by_decorator("the user's")(1.0, 2.0)
    before = optree.tree_structure(net, namespace="the user's")
    flatten(net)
    assert optree.tree_structure(net, namespace="the user's") == before
    assert optree.tree_leaves(net, namespace="somebody else's") == [net]


def test_a_class_of_the_users_own_is_a_node_and_its_gradient_is_found():
    class Pair:
        def __init__(self, left, right):
            self.left, self.right = left, right

    optree.register_pytree_node(
        Pair,
        lambda pair: ((pair.left, pair.right), None, ("left", "right")),
        lambda _, children: Pair(*children),
        path_entry_type=optree.GetAttrEntry,
        namespace=NAMESPACE,
    )
    params = {"pair": Pair(1.0, 2.0)}
    assert flatten(params).names == ("params['pair'].left", "params['pair'].right")
    assert list(found({"pair": Pair(3.0, 4.0)}, params).values()) == [3.0, 4.0]


# Any tree


leaves = st.one_of(st.integers(), st.none(), st.text(max_size=2))
pytrees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.lists(inner, max_size=3).map(deque),
        st.dictionaries(st.one_of(st.text(max_size=3), st.integers()), inner, max_size=3),
        st.tuples(inner, inner).map(lambda pair: Layer(*pair)),
    ),
    max_leaves=10,
)


@given(pytrees)
def test_any_tree_comes_back_and_each_name_leads_to_its_leaf(params):
    tree = flatten(params)
    assert len(tree.leaves) == len(tree.names) == len(tree.paths)
    assert tree.unflatten(tree.leaves) == params
    for name, leaf in zip(tree.names, tree.leaves, strict=True):
        assert eval(name, {"params": params}) is leaf


@given(pytrees)
def test_any_tree_finds_itself_leaf_by_leaf(params):
    tree = flatten(params)
    # Numbered leaves: a lookup that lands on a neighbour cannot pass for the right one.
    numbered = tree.unflatten(range(len(tree.leaves)))
    assert list(found(numbered, numbered).values()) == list(range(len(tree.leaves)))


# Where a gradient is looked up


def test_a_mapping_may_say_dW1_for_W1_and_hold_more():
    params = {"W1": 0, "b1": 0}
    assert found({"dA1": 9, "db1": 2, "dW1": 1, "extra": 9}, params) == {
        "params['W1']": 1,
        "params['b1']": 2,
    }
    assert found({"W1": 1, "b1": 2}, params) == {"params['W1']": 1, "params['b1']": 2}


def test_where_both_are_there_dW1_is_the_gradient():
    assert found({"W1": "a cache", "dW1": 1}, {"W1": 0}) == {"params['W1']": 1}


def test_unless_dW1_is_a_parameter_of_its_own():
    params = {"W1": 0, "dW1": 0}
    assert found({"W1": 1, "dW1": 2}, params) == {"params['W1']": 1, "params['dW1']": 2}
    assert found({"dW1": 2, "W1": 1, "ddW1": 3}, params) == {
        "params['W1']": 1,
        "params['dW1']": 3,
    }


def test_a_container_called_dW_is_a_parameter_of_its_own_too():
    params = {"W": 0, "dW": {"x": 0}}
    assert found({"W": 1, "dW": {"x": 2}}, params) == {"params['W']": 1, "params['dW']['x']": 2}


def test_names_with_d_at_every_depth():
    params = {"enc": {"W": 0, "b": [0, 0]}, "dec": {"W": 0}}
    claimed = {"denc": {"dW": 1, "db": [2, 3]}, "dec": {"W": 4}}
    assert list(found(claimed, params).values()) == [1, 2, 3, 4]


def test_depths_are_not_confused():
    """A ``dW`` among the parameters of one layer says nothing about another layer."""
    params = {"one": {"W": 0, "dW": 0}, "two": {"W": 0}}
    claimed = {"one": {"W": 1, "dW": 2}, "two": {"dW": 3}}
    assert list(found(claimed, params).values()) == [1, 2, 3]


@pytest.mark.parametrize(
    "claimed",
    [Layer(1, 2), {"W": 1, "b": 2}, {"dW": 1, "db": 2}, SimpleNamespace(dW=1, db=2)],
)
def test_named_tuples_by_attribute_or_by_name(claimed):
    assert list(found([claimed], [Layer(0, 0)]).values()) == [1, 2]


@pytest.mark.parametrize("claimed", [[1, 2], (1, 2), np.array([1, 2]), (1, 2, "surplus")])
def test_lists_by_position(claimed):
    assert list(found(claimed, [0, 0]).values()) == [1, 2]


def test_a_bare_point_is_the_gradient_as_a_whole():
    assert found("all", 0) == {"params": "all"}


@pytest.mark.parametrize(
    ("claimed", "params"),
    [
        ({"b": 1}, {"W": 0}),
        ({}, {"W": 0}),
        (None, {"W": 0}),
        (1.0, {"W": 0}),
        ([1], [0, 0]),
        (None, [0]),
        ({"a": 1}, {"a": {"W": 0}}),
        ({"a": [1]}, {"a": {"W": 0}}),
        ([{"W": 1}], {"a": {"W": 0}}),
        (Layer(1, 2), {"V": 0}),
        ({"1": 1}, {1: 0}),
    ],
)
def test_what_is_missing_is_a_key_error(claimed, params):
    with pytest.raises(KeyError):
        found(claimed, params)


def test_a_defaultdict_does_not_make_up_what_is_missing():
    claimed = defaultdict(lambda: 0.0, dW=1.0)
    with pytest.raises(KeyError):
        found(claimed, {"W": 0, "b": 0})
    assert dict(claimed) == {"dW": 1.0}  # nor is the user's gradient changed by looking


@pytest.mark.parametrize("key", ["T", "real", "size", "type"])
def test_an_arrays_own_attributes_are_not_gradients(key):
    with pytest.raises(KeyError):
        found(np.ones((2, 2)), {key: np.ones((2, 2))})


@pytest.mark.parametrize("key", ["copy", "count", "index"])
def test_nor_are_a_lists_methods(key):
    with pytest.raises(KeyError):
        found([1.0], {key: 0})


def test_letters_of_a_string_are_not_gradients():
    with pytest.raises(KeyError):
        found("ab", [0, 0])


def test_beginnings():
    assert beginnings([("a", 0, "W"), ("b",)]) == {("a",), ("a", 0), ("a", 0, "W"), ("b",)}
    assert beginnings([()]) == frozenset()


# Fresh interpreters, because registration and ordering are global


def test_order_does_not_depend_on_who_imported_optree_first():
    probe = """if True:
        import gc, optree
        optree.tree_leaves({"b": 1, "a": 2})
        from gradproof.space.tree import flatten
        gc.collect()
        assert flatten({"b": 1, "a": 2}).leaves == (1, 2)
    """
    subprocess.run([sys.executable, "-c", probe], check=True, timeout=60)
