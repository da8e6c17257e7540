"""Fence this process in, then become the program: `python -I -S launcher.py PLAN PROGRAM …`.

A program of its own, since what it does must happen between fork and exec, where a process of
several threads (ours) may run no Python. It knows the standard library alone. PLAN is JSON:

    {"fences": ["namespace", "seccomp", "landlock"], "parent": 4711,
     "limits": {"AS": 1073741824, …},
     "lists": ["/srv"], "reads": ["/usr", …], "writes": ["/tmp/work"]}
"""

import ctypes
import errno
import json
import os
import resource
import signal
import struct
import sys

REFUSED = 125  # as timeout(1), env(1) and nohup(1) say that they themselves failed

_CLONE_NEWUSER, _CLONE_NEWNET, _CLONE_THREAD = 0x10000000, 0x40000000, 0x00010000
_PDEATHSIG, _SECCOMP, _CAPBSET_DROP, _NO_NEW_PRIVS = 1, 22, 24, 38
_THREADS = 256

_libc = ctypes.CDLL(None, use_errno=True)

# What is refused, per machine: sockets (io_uring makes them, too), further processes, and whatever
# reaches into other processes. AUDIT_ARCH and numbers are from the kernel's headers.
# Architecture, clone, tgkill, and: socket connect sendto sendmsg bind socketpair; kill tkill ptrace
# process_vm_readv process_vm_writev; unshare setns; (of old) fork vfork.
_MACHINES = {
    "x86_64": (
        *(0xC000003E, 56, 234),
        (41, 42, 44, 46, 49, 53, 62, 200, 101, 310, 311, 272, 308, 57, 58),
    ),
    "aarch64": (
        *(0xC00000B7, 220, 131),
        (198, 203, 206, 211, 200, 199, 129, 130, 117, 270, 271, 97, 268),
    ),
}
_EVERYWHERE = (424, 425, 434, 438)  # pidfd_send_signal io_uring_setup pidfd_open pidfd_getfd
_CLONE3 = 435

_LOAD, _JUMP_EQUAL, _JUMP_ABOVE, _JUMP_BITS, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16  # offsets in struct seccomp_data
_X32 = 0x40000000

Step = tuple[int, int, int, int]


def main(plan: str, *program: str) -> None:
    """Put up every fence the plan names, and become the program; any that fails ends it all."""
    wanted = json.loads(plan)
    fences = set(wanted["fences"])
    if "namespace" in fences:
        _check(_libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET))
        resource.setrlimit(resource.RLIMIT_NPROC, (_THREADS, _THREADS))
    _die_with(wanted["parent"])
    _drop_capabilities()
    _check(_libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0))
    if "landlock" in fences:
        _landlock(wanted["lists"], wanted["reads"], wanted["writes"])
    for name, most in wanted["limits"].items():
        resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (most, most))
    if "seccomp" in fences:
        _refuse_calls()
    os.execv(program[0], program)  # noqa: S606  # that is what it is for


def _check(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def _die_with(parent: int) -> None:
    """Have the kernel kill us when our parent dies; after `unshare`, which would undo it."""
    _check(_libc.prctl(_PDEATHSIG, signal.SIGKILL, 0, 0, 0))
    if os.getppid() != parent:
        raise ProcessLookupError("The parent is gone.")


def _drop_capabilities() -> None:
    """Leave root, where we are root, without its powers from the next exec on."""
    capability = 0
    while _libc.prctl(_CAPBSET_DROP, capability, 0, 0, 0) == 0:
        capability += 1


def _landlock(lists: list[str], reads: list[str], writes: list[str]) -> None:
    """Show this process the files it needs, and no others (landlock(7))."""
    version = _check(_libc.syscall(444, None, 0, 1))
    rights_in_version = {1: 13, 2: 14, 3: 15, 4: 15}.get(version, 16)
    every = (1 << rights_in_version) - 1
    network = 0b11 if version >= 4 else 0  # noqa: PLR2004  # bind and connect by TCP
    others = 0b11 if version >= 6 else 0  # noqa: PLR2004  # abstract sockets, signals
    attributes = struct.pack("=QQQ", every, network, others)
    length = 24 if others else 16 if network else 8
    rules = _check(_libc.syscall(444, attributes, length, 0))
    for path in lists:
        _permit(rules, path, 0b1000)  # read a folder
    for path in reads:
        _permit(rules, path, 0b1101)  # execute, read a file, read a folder
    for path in writes:
        _permit(rules, path, every)
    _check(_libc.syscall(446, rules, 0))
    os.close(rules)


def _permit(rules: int, path: str, rights: int) -> None:
    if not os.path.exists(path):  # noqa: PTH110  # pathlib takes its time to import
        return
    of_files = 0b1100000000000111  # a file that is given rights of folders is refused
    beneath = os.open(path, os.O_PATH | os.O_CLOEXEC)
    allowed = rights if os.path.isdir(path) else rights & of_files  # noqa: PTH112
    _check(_libc.syscall(445, rules, 1, struct.pack("=Qi", allowed, beneath), 0))
    os.close(beneath)


def _refuse_calls() -> None:
    """Have the kernel refuse the calls above (seccomp(2)), in this process and what it becomes."""
    steps = [struct.pack("=HBBI", *step) for step in _filter(os.uname().machine, os.getpid())]
    code = ctypes.create_string_buffer(b"".join(steps))
    program = struct.pack("@HP", len(steps), ctypes.addressof(code))
    _check(_libc.prctl(_SECCOMP, 2, program, 0, 0))


def _filter(machine: str, process: int) -> list[Step]:
    if machine not in _MACHINES:
        raise OSError(errno.ENOSYS, f"no filter is written for {machine}")
    architecture, clone, tgkill, refused = _MACHINES[machine]
    no, missing = _ERRNO | errno.EPERM, _ERRNO | errno.ENOSYS
    steps: list[Step] = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_JUMP_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
        (_JUMP_ABOVE, 0, 1, _X32),
        (_RETURN, 0, 0, no),
        # The C library turns to `clone` then, whose flags a filter can see.
        (_JUMP_EQUAL, 0, 1, _CLONE3),
        (_RETURN, 0, 0, missing),
    ]
    for number in (*refused, *_EVERYWHERE):
        steps += [(_JUMP_EQUAL, 0, 1, number), (_RETURN, 0, 0, no)]
    return [
        *steps,
        (_JUMP_EQUAL, 0, 3, clone),  # threads, but no processes
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_JUMP_BITS, 4, 0, _CLONE_THREAD),
        (_RETURN, 0, 0, no),
        (_JUMP_EQUAL, 0, 2, tgkill),  # abort(3) signals ourselves, nobody else
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_JUMP_EQUAL, 0, 1, process),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, no),
    ]


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Exception as error:  # noqa: BLE001  # whatever it is, the program must not start
        sys.stderr.write(f"launcher: {error}\n")
        sys.exit(REFUSED)
