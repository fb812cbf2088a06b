"""Pack what you hand in: exactly the files that count, into one zip."""

import argparse
from pathlib import Path

from ..archive import write_zip
from ..errors import UserError
from ..kit import Kit, find_own_kit

HELP = "pack what you hand in"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "assignment", nargs="?", help="such as assignment2 (default: the one of this kit)"
    )
    parser.add_argument(
        "--to",
        type=Path,
        metavar="FILE",
        help="the zip to write (default: ASSIGNMENT.zip in the kit)",
    )


def run(args: argparse.Namespace) -> int:
    """Return 0 when everything was there and is packed, else 1; then nothing is written."""
    kit = find_own_kit()
    if args.assignment not in (None, kit.assignment):
        raise UserError(f"this is the kit of {kit.assignment}; it cannot pack {args.assignment!r}")
    missing = [name for name in kit.submission_files if not (kit.root / name).is_file()]
    if missing:
        for name in missing:
            print(f"missing: {name}{_advice(name)}")
        print("Nothing was packed.")
        return 1
    target = args.to or kit.root / f"{kit.assignment}.zip"
    pack(kit, target)
    for name in kit.submission_files:
        print(f"packed: {name}")
    print(f"Hand in {target} ({target.stat().st_size:,} bytes)")
    return 0


def pack(kit: Kit, target: Path) -> None:
    """Write the zip, complete or not at all.

    Parameters
    ----------
    kit : Kit
    target : Path

    Raises
    ------
    OSError
        If a file cannot be read, or the zip cannot be written.
    """
    files = {f"{kit.assignment}/{name}": kit.root / name for name in kit.submission_files}
    write_zip(target, files)


def _advice(name: str) -> str:
    if name.endswith(".npz"):
        return " (the notebook writes it when its training cell has run)"
    return " (take it from the original kit, if it was deleted)"
