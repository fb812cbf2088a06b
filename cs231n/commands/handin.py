"""Pack what you hand in: exactly the files that count, into one zip."""

import zipfile
from pathlib import Path

from ..atomic import atomic_write
from ..kit import find_kit

HELP = "pack what you hand in"


def configure(parser):
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


def run(args):
    """Return 0 when everything was there and is packed, else 1; then nothing is written."""
    kit = find_kit()
    if kit is None:
        raise ValueError(
            "this is not a student kit: there is no kit.json beside the package cs231n"
        )
    if args.assignment not in (None, kit.assignment):
        raise ValueError(f"this is the kit of {kit.assignment}; it cannot pack {args.assignment!r}")
    missing = [name for name in kit.hand_in if not (kit.root / name).is_file()]
    if missing:
        for name in missing:
            print(f"missing: {name}{_advice(name)}")
        print("Nothing was packed.")
        return 1
    target = args.to or kit.root / f"{kit.assignment}.zip"
    pack(kit, target)
    for name in kit.hand_in:
        print(f"packed: {name}")
    print(f"Hand in {target} ({target.stat().st_size:,} bytes)")
    return 0


def pack(kit, target):
    """Write the zip, complete or not at all.

    Parameters
    ----------
    kit : Kit
    target : Path
    """
    with atomic_write(target) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in kit.hand_in:
            archive.write(kit.root / name, f"{kit.assignment}/{name}")


def _advice(name):
    if name.endswith(".npz"):
        return " (the notebook writes it when its training cell has run)"
    return " (take it from the original kit, if it was deleted)"
