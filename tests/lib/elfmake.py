# SPDX-License-Identifier: Apache-2.0
"""Makes small ELF files by hand, right ones and wrong ones."""

import struct

SHT_PROGBITS, SHT_SYMTAB, SHT_STRTAB, SHT_RELA, SHT_NOTE, SHT_NOBITS = 1, 2, 3, 4, 7, 8
SHT_DYNSYM = 11
SHF_WRITE, SHF_ALLOC, SHF_EXEC, SHF_COMPRESSED = 1, 2, 4, 0x800
PT_LOAD, PT_NOTE = 1, 4
ET_REL, ET_EXEC, ET_DYN = 1, 2, 3
EM_X86_64, EM_AARCH64 = 62, 183

EHDR = struct.Struct("<16sHHIQQQIHHHHHH")
PHDR = struct.Struct("<IIQQQQQQ")
SHDR = struct.Struct("<IIQQQQIIQQ")
SYM = struct.Struct("<IBBHQQ")


class Section:
    def __init__(self, name, data=b"", kind=SHT_PROGBITS, flags=0, addr=0, **fields):
        self.name = name
        self.data = data
        self.kind = kind
        self.flags = flags
        self.addr = addr
        self.fields = fields  # of the header, instead of the right ones: off, size, link, entsize ...


class Elf:
    """One loadable segment that begins with the file, sections after each other, headers last."""

    def __init__(self, kind=ET_EXEC, machine=EM_X86_64, base=0x400000, **header):
        self.kind = kind
        self.machine = machine
        self.base = base
        self.header = header  # fields of the ELF header, instead of the right ones
        self.sections = [Section("", kind=0)]
        self.segments = []

    def add(self, name, data=b"", kind=SHT_PROGBITS, flags=0, **fields):
        self.sections.append(Section(name, data, kind, flags, **fields))
        return len(self.sections) - 1

    def add_segment(self, kind, flags, off, vaddr, filesz, memsz, align=0x1000):
        self.segments.append(PHDR.pack(kind, flags, off, vaddr, vaddr, filesz, memsz, align))

    def add_symbols(self, symbols, name=".symtab", kind=SHT_SYMTAB):
        """symbols: (name, address, size, type)"""
        names = b"\0"
        table = SYM.pack(0, 0, 0, 0, 0, 0)
        for sym_name, address, size, sym_type in symbols:
            table += SYM.pack(len(names), 0x10 | sym_type, 0, 1, address, size)
            names += sym_name.encode() + b"\0"
        link = len(self.sections) + 1
        self.add(name, table, kind, link=link, entsize=SYM.size, info=1)
        self.add(".strtab" if kind == SHT_SYMTAB else ".dynstr", names, SHT_STRTAB)

    def build(self):
        names = b""
        name_offs = []
        self.add(".shstrtab", kind=SHT_STRTAB)
        for s in self.sections:
            name_offs.append(len(names))
            names += s.name.encode() + b"\0"
        self.sections[-1].data = names

        n_segments = len(self.segments) + 1
        body = b""
        start = EHDR.size + PHDR.size * n_segments
        headers = []
        for s, name_off in zip(self.sections, name_offs):
            body += b"\0" * (-(start + len(body)) % 8)
            off = start + len(body)
            f = {"off": off, "size": len(s.data), "link": 0, "info": 0, "align": 8, "entsize": 0}
            f.update(s.fields)
            addr = s.addr or (self.base + off if s.flags & SHF_ALLOC else 0)
            headers.append(
                SHDR.pack(f.get("name_off", name_off), s.kind, s.flags, f.get("vaddr", addr), f["off"],
                          f["size"], f["link"], f["info"], f["align"], f["entsize"])
            )
            if s.kind != SHT_NOBITS:
                body += s.data
        body += b"\0" * (-(start + len(body)) % 8)
        shoff = start + len(body)
        load = PHDR.pack(PT_LOAD, 5, 0, self.base, self.base, shoff, shoff, 0x1000)
        h = {
            "ident": b"\x7fELF\x02\x01\x01" + b"\0" * 9, "type": self.kind, "machine": self.machine,
            "version": 1, "entry": self.base + start, "phoff": EHDR.size, "shoff": shoff, "flags": 0,
            "ehsize": EHDR.size, "phentsize": PHDR.size, "phnum": n_segments,
            "shentsize": SHDR.size, "shnum": len(headers), "shstrndx": len(headers) - 1,
        }
        h.update(self.header)
        return EHDR.pack(*h.values()) + load + b"".join(self.segments) + body + b"".join(headers)
