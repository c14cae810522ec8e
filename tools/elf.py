"""What a Linux program needs of the machine that runs it: its loader, its shared libraries, its versions of glibc.

The format is in elf(5), and of the versions of symbols in the Linux Standard Base:
https://refspecs.linuxfoundation.org/LSB_5.0.0/LSB-Core-generic/LSB-Core-generic/symversion.html
"""

import re
import struct
from collections import namedtuple

GLIBC_LOADER = "/lib64/ld-linux-x86-64.so.2"

# What glibc consists of, and the unwinder of GCC, which the images have with it.
GLIBC_LIBRARIES = {
    "ld-linux-x86-64.so.2",
    "libc.so.6",
    "libdl.so.2",
    "libgcc_s.so.1",
    "libm.so.6",
    "libpthread.so.0",
    "libresolv.so.2",
    "librt.so.1",
    "libutil.so.1",
}

# `interpreter` is None for a static program. `glibc` has for each version the symbols that need it.
Program = namedtuple("Program", "interpreter libraries glibc")


class NotForLinux(Exception):
    """Why this is not a program for Linux on x86-64."""


MAGIC, CLASS_64, LITTLE_ENDIAN, X86_64 = b"\x7fELF", 2, 1, 62
PROGRAM_INTERPRETER = 3
SECTION_DYNAMIC, SECTION_DYNAMIC_SYMBOLS = 6, 11
SECTION_NEEDED_VERSIONS, SECTION_VERSIONS_OF_SYMBOLS = 0x6FFFFFFE, 0x6FFFFFFF
DYNAMIC_NEEDED = 1
SYMBOL_SIZE = 24

Section = namedtuple("Section", "name kind flags address offset size link info alignment entry_size")


def read(path):
    data = path.read_bytes()
    try:
        return parsed(data)
    except (struct.error, IndexError, ValueError, UnicodeDecodeError) as error:
        raise NotForLinux(f"it is damaged: {error}") from error


def parsed(data):
    if data[:4] != MAGIC:
        raise NotForLinux("it is not in the format ELF")
    if data[4] != CLASS_64 or data[5] != LITTLE_ENDIAN or unpacked("<H", data, 18)[0] != X86_64:
        raise NotForLinux("it is for another processor")
    programs, sections = unpacked("<QQ", data, 32)
    program_size, program_count, section_size, section_count = unpacked("<HHHH", data, 54)

    interpreter = None
    for at in range(programs, programs + program_size * program_count, program_size):
        kind, _, offset, _, _, size = unpacked("<IIQQQQ", data, at)
        if kind == PROGRAM_INTERPRETER:
            interpreter = data[offset : offset + size].rstrip(b"\0").decode()

    ends = range(sections, sections + section_size * section_count, section_size) if section_size else ()
    table = [Section(*unpacked("<IIQQQQIIQQ", data, at)) for at in ends]
    if interpreter and not any(section.kind == SECTION_DYNAMIC for section in table):
        raise NotForLinux("its sections are stripped away, so what it needs cannot be read")
    return Program(interpreter, needed_libraries(data, table), needed_glibc(data, table))


def needed_libraries(data, table):
    libraries = []
    for section in of_kind(table, SECTION_DYNAMIC):
        for at in range(section.offset, section.offset + section.size, 16):
            tag, value = unpacked("<QQ", data, at)
            if tag == DYNAMIC_NEEDED:
                libraries.append(text(data, table[section.link], value))
    return libraries


def needed_glibc(data, table):
    versions = {}  # by the number that symbols refer to
    for section in of_kind(table, SECTION_NEEDED_VERSIONS):
        at = section.offset
        for _ in range(section.info):
            _, count, _, first, following = unpacked("<HHIII", data, at)
            entry = at + first
            for _ in range(count):
                _, _, number, name, next_entry = unpacked("<IHHII", data, entry)
                versions[number] = glibc_version(text(data, table[section.link], name))
                entry += next_entry
            at += following
    needed = {version: [] for version in versions.values() if version}
    for symbol, number in versioned_symbols(data, table):
        if versions.get(number):
            needed[versions[number]].append(symbol)
    return needed


def versioned_symbols(data, table):
    for section in of_kind(table, SECTION_VERSIONS_OF_SYMBOLS):
        symbols = table[section.link]
        numbers = unpacked(f"<{section.size // 2}H", data, section.offset)
        for index, number in enumerate(numbers):
            (name,) = unpacked("<I", data, symbols.offset + index * SYMBOL_SIZE)
            yield text(data, table[symbols.link], name), number & 0x7FFF  # the highest bit hides a symbol


def glibc_version(name):
    """`GLIBC_2.31` as (2, 31); None for the versions of others, and for `GLIBC_PRIVATE`."""
    found = re.fullmatch(r"GLIBC_([0-9]+(?:\.[0-9]+)*)", name)
    return tuple(map(int, found[1].split("."))) if found else None


def of_kind(table, kind):
    return [section for section in table if section.kind == kind]


def text(data, strings, at):
    start = strings.offset + at
    return data[start : data.index(b"\0", start)].decode()


def unpacked(layout, data, at):
    return struct.unpack_from(layout, data, at)
