"""Disks that are small, full or read-only: really, by mounting them. This takes root, on Linux."""

import os
import shutil
import subprocess
from contextlib import contextmanager

import pytest


def _mount(*arguments):
    if shutil.which("mount") is None:
        pytest.skip("there is no mount here")
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"mounting is not allowed here: {done.stderr.strip()}")


def _unmount(folder):
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def small_disk(folder, megabytes):
    """Have a folder on a disk of its own; what was in the folder is on it."""
    before = folder.with_name(f"{folder.name}.before")
    folder.rename(before)
    folder.mkdir()
    try:
        _mount("-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder))
    except BaseException:
        folder.rmdir()
        before.rename(folder)
        raise
    try:
        shutil.copytree(before, folder, symlinks=True, dirs_exist_ok=True)
        yield
    finally:
        _unmount(folder)


@contextmanager
def filled(folder, left):
    """Have the disk of a folder full but for some bytes. What is written meanwhile stays."""
    filler = folder / ".filler"
    disk = os.statvfs(folder)
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, disk.f_bavail * disk.f_frsize - left)
    try:
        yield
    finally:
        filler.unlink()


@contextmanager
def read_only(folder):
    """Have a folder that not even root can write to."""
    _mount("--bind", str(folder), str(folder))
    try:
        _mount("-o", "remount,bind,ro", str(folder))
        yield
    finally:
        _unmount(folder)
