// SPDX-License-Identifier: Apache-2.0
// What the files of go/ share: the opened tables, the layouts that differ by version, and readers
// of single words that never leave their table.
#ifndef GO_TABLES_H
#define GO_TABLES_H

#include "base/map.h"
#include "go/go.h"

// pclntab's generations, named after the first Go version that we know of with that layout.
enum {
	GEN_15 = 15, // 0xfffffffb: absolute addresses, everything relative to the table
	GEN_16 = 16, // 0xfffffffa: sub-tables, absolute addresses
	GEN_18 = 18, // 0xfffffff0: addresses relative to the text
	GEN_20 = 20, // 0xfffffff1: the same with start lines
};

// Offsets in a _func record; 0 is a field that this generation lacks (none but the entry is there).
struct func_layout {
	uint8_t size;
	uint8_t name;
	uint8_t args;
	uint8_t deferreturn;
	uint8_t pcsp;
	uint8_t pcfile;
	uint8_t pcln;
	uint8_t npcdata;
	uint8_t cu;
	uint8_t start_line;
	uint8_t func_id;
	uint8_t flag;
	uint8_t nfuncdata;
};

// What pclntab's header says; offsets are from the table's start and in order.
struct pclntab {
	int generation;
	unsigned min_lc; // unit of pc deltas
	uint64_t vaddr;
	struct bytes all;
	size_t n_funcs;
	uint64_t text_start; // the header's own word as the file has it; 0: none, or left to a
			     // relocation
	uint64_t functab_off;
	struct bytes functab; // n_funcs pairs and the end
	struct bytes names;
	struct bytes cutab;
	struct bytes filetab;
	struct bytes pctab;
	struct bytes funcs; // what functab's offsets are relative to
	const struct func_layout *layout;
};

// A run of addresses with one value.
struct pc_range {
	uint64_t low, high;
	int32_t value;
};
struct pc_ranges {
	struct pc_range *v;
	size_t n;
	size_t cap;
};

// The three tables that naming inlined code needs, decoded for one function.
struct inline_tables {
	struct pc_ranges index;
	struct pc_ranges files;
	struct pc_ranges lines;
};

struct method;

struct go {
	struct elf *elf;
	struct arena *arena;
	struct go_buildinfo info;
	int minor;
	struct pclntab tab;
	uint64_t text;     // base of entry offsets, GEN_18 on
	uint64_t *entries; // GEN_15, GEN_16: functab's addresses, when the file keeps them in
			   // relocations
	struct go_module module;
	struct bytes typelinks; // of the module: int32 offsets from types
	uint64_t itablinks;     // vaddr of an array of pointers
	uint64_t n_itablinks;
	uint64_t typedesclen; // Go >= 1.27
	struct inline_tables spare;

	struct type_source source;
	uint64_t n_described; // bytes of fields and parameters that types were made of
	struct map rtypes;    // vaddr of descriptor -> struct type
	struct map methods;   // entry -> struct method
	bool methods_are_read;
};

static inline bool bytes_u32(struct bytes b, uint64_t off, uint32_t *out)
{
	if (off > b.len || b.len - off < sizeof(*out))
		return false;
	memcpy(out, b.p + off, sizeof(*out));
	return true;
}

static inline bool bytes_u64(struct bytes b, uint64_t off, uint64_t *out)
{
	if (off > b.len || b.len - off < sizeof(*out))
		return false;
	memcpy(out, b.p + off, sizeof(*out));
	return true;
}

// The part of b from off on, at most len bytes; empty past the end.
static inline struct bytes bytes_part(struct bytes b, uint64_t off, uint64_t len)
{
	if (off >= b.len)
		return (struct bytes) { b.p, 0 };
	return (struct bytes) { b.p + off, (size_t)MIN(len, b.len - off) };
}

// Text up to a NUL at off; false when it does not end in b or is too long to be a name.
bool bytes_cstr(struct bytes b, uint64_t off, struct str *out);

// --- pclntab.c ---

// Reads and checks a header. all starts at the table and may go on behind it.
MUST_USE struct err *pclntab_parse(struct elf *elf, uint64_t vaddr, struct bytes all,
				   struct pclntab *out);
// Whether 8 bytes may be the start of a table for this machine.
bool pclntab_is_start(enum elf_arch arch, const uint8_t *p);
// Whether the functab's addresses ascend and lie in one executable segment. text: base of GEN_18
// on.
MUST_USE struct err *pclntab_check_functab(struct go *go);
// i <= n_funcs: the last one is the end of the last function.
uint64_t functab_entry(const struct go *go, size_t i);

// The function's record; false if it is cut off.
bool func_record(const struct go *go, const struct go_func *f, struct bytes *out);
// Offset of PCDATA table i in pctab; 0: the function has none.
uint32_t func_pcdata(const struct go *go, const struct go_func *f, unsigned i);
// Address of FUNCDATA i; 0: the function has none.
uint64_t func_funcdata(const struct go *go, const struct go_func *f, unsigned i);
unsigned funcdata_inline_tree(const struct go *go);

#define PCDATA_INLINE_INDEX 2
#define FUNCDATA_ARG_INFO   5

// --- pctab.c ---

// Steps through one pc-value table: while (pc_iter_next(&it)) use it.low, it.high, it.value.
struct pc_iter {
	const uint8_t *pos;
	const uint8_t *end;
	uint64_t limit;
	unsigned min_lc;
	bool is_started;
	uint64_t low, high;
	int32_t value;
};
struct pc_iter pc_iter_init(const struct go *go, const struct go_func *f, uint32_t off);
bool pc_iter_next(struct pc_iter *it);
bool pc_value_at(const struct go *go, const struct go_func *f, uint32_t off, uint64_t pc,
		 int32_t *out);
// Offsets of a function's tables in pctab.
uint32_t func_pcsp(const struct go *go, const struct go_func *f);
uint32_t func_pcfile(const struct go *go, const struct go_func *f);
uint32_t func_pcln(const struct go *go, const struct go_func *f);
// The name of file number i of the function; empty if there is none.
struct str func_file(const struct go *go, const struct go_func *f, int32_t i);

// --- inline.c ---

// File of the function's own code at its entry, where an inlined call may stand.
bool inline_outermost_pos(struct go *go, const struct go_func *f, uint64_t pc, struct go_pos *out);

// --- module.c ---

// Finds the moduledata of go->tab: sets go->text, go->module and what follows from it. False if
// there is none.
bool module_find(struct go *go);

// --- descriptor.c: runtime type descriptors ---

// A descriptor's common part, checked: its kind is known and all of it is in the file.
struct descriptor {
	uint64_t vaddr;
	uint64_t size;
	uint8_t tflag;
	uint8_t align;
	uint8_t kind;       // enum go_kind
	bool is_direct;     // interfaces hold the value itself
	uint32_t str;       // offset of its name
	uint64_t uncommon;  // vaddr of package and methods; 0: none
	uint64_t params;    // KIND_FUNC: vaddr of the pointers to its parameters and results
	uint32_t n_params;  // KIND_FUNC
	uint32_t n_results; // KIND_FUNC
	bool is_variadic;   // KIND_FUNC
	uint64_t n_items;   // KIND_STRUCT: fields, KIND_INTERFACE: methods
	uint64_t items;     // where they are
	uint64_t end;       // Go >= 1.27: where the next descriptor may start
};
#define FIELD_SIZE   24
#define IMETHOD_SIZE 8
#define METHOD_SIZE  16

bool descriptor_read(struct go *go, uint64_t vaddr, struct descriptor *out);
// The name of a type, field or method: by its address, by its offset from types.
bool descriptor_name(struct go *go, uint64_t vaddr, struct str *out, uint8_t *flags);
bool descriptor_name_off(struct go *go, uint32_t off, struct str *out);
// "import/path.Name" of a named type; empty for types that are spelled from their parts.
struct str descriptor_full_name(struct go *go, const struct descriptor *d);

// A method in a type's list.
struct descriptor_method {
	uint32_t name; // name offset
	uint32_t type; // offset of its func type from types; 0: not kept
	uint32_t ifn;  // offsets of its code from text; 0 or -1: not kept
	uint32_t tfn;
};
size_t descriptor_n_methods(struct go *go, const struct descriptor *d, uint64_t *vaddr);
bool descriptor_method(struct go *go, uint64_t vaddr, struct descriptor_method *out);

#define NAME_EMBEDDED 8u

enum go_kind {
	KIND_BOOL = 1,
	KIND_INT = 2,
	KIND_INT64 = 6,
	KIND_UINT = 7,
	KIND_UINTPTR = 12,
	KIND_FLOAT32 = 13,
	KIND_FLOAT64 = 14,
	KIND_COMPLEX64 = 15,
	KIND_COMPLEX128 = 16,
	KIND_ARRAY = 17,
	KIND_CHAN = 18,
	KIND_FUNC = 19,
	KIND_INTERFACE = 20,
	KIND_MAP = 21,
	KIND_PTR = 22,
	KIND_SLICE = 23,
	KIND_STRING = 24,
	KIND_STRUCT = 25,
	KIND_UNSAFE_POINTER = 26,
};

#endif
