"""Options that several verbs share."""

from __future__ import annotations

import argparse
from os import environ
from pathlib import Path
from typing import Any


class Verbs:
    """What argparse's sub-parsers offer, as far as the verbs use it."""

    add_parser: Any


def add_profile(parser: argparse.ArgumentParser, built_in: str = "reference core") -> None:
    """--profile, with IMSREG_PROFILE behind it, and a built-in reference behind that."""
    parser.add_argument(
        "--profile",
        type=Path,
        default=environ.get("IMSREG_PROFILE"),
        metavar="FILE",
        help=f"the profile of the DUT (default: IMSREG_PROFILE, else the built-in {built_in})",
    )


def given_profile(options: argparse.Namespace) -> dict[str, Any]:
    """Keyword arguments for Settings: the profile, if one was named."""
    return {"profile": Path(options.profile)} if options.profile else {}


def add_output(parser: argparse.ArgumentParser, default: str = "results") -> None:
    """--output."""
    parser.add_argument(
        "--output", type=Path, default=Path(default), metavar="DIR", help=f"where results go (default: {default}/)"
    )


def add_link(parser: argparse.ArgumentParser) -> None:
    """The options that concern an embedded DUT."""
    parser.add_argument("--mutant", metavar="ID", help="seed one defect into the embedded DUT")
    parser.add_argument("--seed", type=int, metavar="N", help="seed of all random values: repeats a run")
    parser.add_argument(
        "--link",
        choices=("sockets", "memory"),
        default="sockets",
        help="memory: the embedded DUT in this process, on a virtual clock",
    )
