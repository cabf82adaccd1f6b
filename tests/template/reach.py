"""The AWS operations that each function's code can reach, found by following its types.

The embedded AWS lets every function do everything, so a right missing from a role would show on AWS
only. mypy knows what every name and attribute in the code refers to; from a handler all functions and
methods of ours are followed, and whatever is called on a boto3 client ends up in the list. What is
reached by a branch that this function never takes is reached all the same.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from mypy.build import BuildResult, build
from mypy.find_sources import create_source_list
from mypy.nodes import (
    CallExpr,
    Decorator,
    Expression,
    ForStmt,
    FuncDef,
    MemberExpr,
    MypyFile,
    NameExpr,
    Node,
    OverloadedFuncDef,
    RefExpr,
    Statement,
    StrExpr,
    TypeInfo,
    WithStmt,
)
from mypy.options import Options
from mypy.types import CallableType, Instance, Type, TypeType, TypeVarType, UnionType, get_proper_type

from tests.template.reading import ROOT

OURS = ("functions", "lifeboat")
STUBS = "mypy_boto3_"

LEADS_NOWHERE = (
    "OpenSSL",
    "charset_normalizer",
    "cryptography",
    "h2",
    "hpack",
    "hyperframe",
    "idna",
    "markdown_it",
    "requests",
    "rich",
    "urllib3",
)
"""Libraries of libraries, from which nothing comes back to ours: a third of what mypy would read."""

NOT_CHILDREN = {"analyzed", "func_def", "info", "method_type", "node", "original_def", "type"}
"""Attributes of a mypy node that lead out of it, not into it."""


@dataclass
class Found:
    """What one function's body refers to: functions of ours, and (stub class, method) of boto3."""

    functions: set[FuncDef] = field(default_factory=set)
    operations: set[tuple[str, str]] = field(default_factory=set)


@dataclass(frozen=True)
class Reach:
    """Everything that can be reached from one handler."""

    functions: frozenset[str]
    operations: frozenset[tuple[str, str]]


@cache
def reach() -> dict[str, Reach]:
    """What the handler of every function can reach, by the function's folder."""
    program = Program(_checked())
    return {folder: program.reach_of(handler) for folder, handler in program.handlers()}


def _checked() -> BuildResult:
    options = Options()
    options.python_version = (3, 11)
    options.python_executable = sys.executable
    options.mypy_path = [str(ROOT / "layers/lifeboat")]
    options.namespace_packages = options.explicit_package_bases = True
    options.export_types = options.preserve_asts = True
    options.incremental = False
    options.cache_dir = "/dev/null"
    for library in LEADS_NOWHERE:
        options.per_module_options[f"{library}.*"] = {"follow_imports": "skip"}
    options.build_per_module_cache()
    sources = create_source_list([str(ROOT / "functions")], options)
    return build(sources, options)


class Program:
    """The checked code of the functions and the package."""

    def __init__(self, checked: BuildResult) -> None:
        self._types = checked.types
        self._modules = {name: each for name, each in checked.files.items() if _ours(name)}
        self._scanned: dict[FuncDef, Found] = {}
        self._classes = [
            symbol.node
            for name, module in self._modules.items()
            for symbol in module.names.values()
            if isinstance(symbol.node, TypeInfo) and symbol.node.module_name == name
        ]

    def handlers(self) -> Iterator[tuple[str, FuncDef]]:
        """Each function's folder and handler."""
        for name, module in sorted(self._modules.items()):
            if match := re.fullmatch(r"(?:.*\.)?functions\.(\w+)\.app", name):
                handler = _function(module.names["handler"].node)
                assert handler is not None
                yield match[1], handler

    def reach_of(self, handler: FuncDef) -> Reach:
        """Follow everything from one handler."""
        seen: set[FuncDef] = set()
        operations: set[tuple[str, str]] = set()
        waiting = [handler]
        while waiting:
            function = waiting.pop()
            if function not in seen:
                seen.add(function)
                found = self._scan(function)
                operations |= found.operations
                waiting.extend(found.functions)
        return Reach(frozenset(each.fullname for each in seen), frozenset(operations))

    def _scan(self, function: FuncDef) -> Found:
        if function not in self._scanned:
            found = self._scanned[function] = Found()
            for node in _inside(function):
                self._note(node, found)
        return self._scanned[function]

    def _note(self, node: Node, found: Found) -> None:
        if isinstance(node, RefExpr) and isinstance(node.node, FuncDef | Decorator | TypeInfo):
            self._symbol(node.node, found)
        elif isinstance(node, MemberExpr):
            self._member(node.expr, node.name, found)
        elif isinstance(node, WithStmt):
            for each in node.expr:
                self._member(each, "__enter__", found)
                self._member(each, "__exit__", found)
        elif isinstance(node, ForStmt):
            self._member(node.expr, "__iter__", found)
        if isinstance(node, CallExpr) and isinstance(node.callee, MemberExpr):
            [*names] = [each.value for each in node.args if isinstance(each, StrExpr)]
            if node.callee.name == "get_paginator":
                self._member(node.callee.expr, names[0], found)

    def _symbol(self, symbol: FuncDef | Decorator | TypeInfo, found: Found) -> None:
        if not isinstance(symbol, TypeInfo):
            function = _function(symbol)
            if function is not None and _ours(function.fullname):
                found.functions.add(function)
        elif _ours(symbol.fullname):
            for name in ("__init__", "__post_init__"):
                self._method(symbol, name, found)

    def _member(self, owner: Expression, name: str, found: Found) -> None:
        if not (isinstance(owner, NameExpr) and isinstance(owner.node, MypyFile)):
            for info in _classes_of(self._types.get(owner)):
                if info.fullname.startswith(STUBS):
                    found.operations.add((info.fullname, name))
                for each in self._implementations(info):
                    self._method(each, name, found)

    def _implementations(self, info: TypeInfo) -> Iterator[TypeInfo]:
        yield info
        for each in self._classes:
            if info is not each and (
                info in each.mro or (info.is_protocol and all(map(each.get, info.protocol_members)))
            ):
                yield each

    def _method(self, info: TypeInfo, name: str, found: Found) -> None:
        symbol = info.get(name)
        function = _function(symbol.node) if symbol else None
        if function is not None and _ours(function.fullname):
            found.functions.add(function)


def _ours(name: str) -> bool:
    return name.split(".", maxsplit=1)[0] in OURS


def _function(node: Any) -> FuncDef | None:
    node = node.func if isinstance(node, Decorator) else node
    return node if isinstance(node, FuncDef) else None


def _classes_of(found: Type | None) -> Iterator[TypeInfo]:
    """The classes whose attributes an expression of this type has."""
    proper = get_proper_type(found)
    if isinstance(proper, Instance):
        yield proper.type
    elif isinstance(proper, UnionType):
        for each in proper.items:
            yield from _classes_of(each)
    elif isinstance(proper, TypeVarType):
        yield from _classes_of(proper.upper_bound)
    elif isinstance(proper, TypeType):
        yield from _classes_of(proper.item)
    elif isinstance(proper, CallableType) and proper.is_type_obj():
        yield from _classes_of(proper.ret_type)


def _inside(function: FuncDef) -> Iterator[Node]:
    """Every node of a function's body, nested functions included."""
    seen: set[int] = set()
    waiting: list[Node] = [function]
    while waiting:
        node = waiting.pop()
        if id(node) not in seen:
            seen.add(id(node))
            yield node
            kind: Any = type(node)
            for name in _attributes(kind):
                waiting.extend(_nodes(getattr(node, name, None)))


@cache
def _attributes(kind: type) -> tuple[str, ...]:
    # mypy's own visitors are compiled and cannot be subclassed; its classes list their attributes.
    names: Iterable[str] = (
        name
        for each in kind.__mro__
        for name in (*getattr(each, "__mypyc_attrs__", ()), *getattr(each, "__slots__", ()))
    )
    return tuple(sorted({name for name in names if not name.startswith("__")} - NOT_CHILDREN))


def _nodes(value: Any) -> Iterator[Node]:
    if isinstance(value, Statement | Expression | FuncDef | Decorator | OverloadedFuncDef):
        yield value
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _nodes(each)
