// SPDX-License-Identifier: Apache-2.0
// Types of Go's own packages that have a form of their own, by name.
#include "value/book.h"
#include "value/render.h"

static const struct special specials[] = {
	{ .name = { "time.Time", 9 }, .show = show_time },
	{ .name = { "time.Duration", 13 }, .show = show_duration },
	{ .name = { "net.IP", 6 }, .show = show_ip },
	{ .name = { "net/netip.Addr", 14 }, .show = show_netip_addr },
	{ .name = { "net/netip.AddrPort", 18 }, .show = show_netip_addrport },
	{ .name = { "net/netip.Prefix", 16 }, .show = show_netip_prefix },
	{ .name = { "net/url.URL", 11 }, .show = show_url },
	{ .name = { "math/big.Int", 12 }, .show = show_big_int },
	{ .name = { "bytes.Buffer", 12 }, .show = show_bytes_buffer },
	{ .name = { "strings.Builder", 15 }, .show = show_strings_builder },
	{ .name = { "sync.Mutex", 10 }, .show = show_mutex },
	{ .name = { "internal/sync.Mutex", 19 }, .show = show_mutex },
	{ .name = { "sync.RWMutex", 12 }, .show = show_rwmutex },
	{ .name = { "sync.Once", 9 }, .show = show_once },
	{ .name = { "sync.WaitGroup", 14 }, .show = show_waitgroup },
	{ .name = { "sync.Map", 8 }, .show = show_sync_map },
	{ .name = { "sync/atomic.Int32", 17 }, .show = show_atomic },
	{ .name = { "sync/atomic.Int64", 17 }, .show = show_atomic },
	{ .name = { "sync/atomic.Uint32", 18 }, .show = show_atomic },
	{ .name = { "sync/atomic.Uint64", 18 }, .show = show_atomic },
	{ .name = { "sync/atomic.Uintptr", 19 }, .show = show_atomic },
	{ .name = { "sync/atomic.Bool", 16 }, .show = show_atomic_bool },
	{ .name = { "sync/atomic.Value", 17 }, .show = show_atomic_value },
	{ .name = { "sync/atomic.Pointer", 19 }, .show = show_atomic_pointer, .is_generic = true },
	{ .name = { "syscall.Errno", 13 }, .show = show_errno, .error = error_errno },
	{ .name = { "context.deadlineExceededError", 29 },
	  .show = show_deadline,
	  .error = error_deadline,
	  .is_plain = true },
	{ .name = { "errors.errorString", 18 }, .error = error_string, .is_plain = true },
	{ .name = { "errors.joinError", 16 }, .error = error_join, .is_plain = true },
	{ .name = { "fmt.wrapError", 13 }, .error = error_wrap, .is_plain = true },
	{ .name = { "fmt.wrapErrors", 14 }, .error = error_wrap, .is_plain = true },
	{ .name = { "io/fs.PathError", 15 }, .error = error_path },
	{ .name = { "os.PathError", 12 }, .error = error_path },
	{ .name = { "os.LinkError", 12 }, .error = error_link },
	{ .name = { "os.SyscallError", 15 }, .error = error_syscall },
	{ .name = { "os/exec.Error", 13 }, .error = error_exec },
	{ .name = { "strconv.NumError", 16 }, .error = error_num },
	{ .name = { "net.OpError", 11 }, .error = error_op },
	{ .name = { "net.DNSError", 12 }, .error = error_dns },
	{ .name = { "net/url.Error", 13 }, .error = error_url },
};

const struct special *special_find(struct str name)
{
	const char *bracket = name.len ? memchr(name.p, '[', name.len) : NULL;
	struct str plain = bracket ? str_first(name, (size_t)(bracket - name.p)) : name;
	for (size_t i = 0; i < ARRAY_LEN(specials); i++)
		if (str_eq(specials[i].name, plain) && specials[i].is_generic == (bracket != NULL))
			return &specials[i];
	return NULL;
}

bool is_plain_error(const struct type *t)
{
	const struct special *special = special_find(t->name);
	return special && special->error && special->is_plain;
}

bool special_error(struct render *r, struct val ptr, struct val target)
{
	const struct special *special = target.s->special;
	struct out_buf text = { 0 };
	if (!special || !special->error || special->show)
		return false;
	bool is_complete = special->error(r, target, &text);
	if (!is_complete)
		out_buf_str(&text, STR("..."));
	r->sink->error(r, ptr, target,
		       &(struct special_text) {
			       .form = TEXT_ERROR,
			       .label = special->is_plain ? STR("error") : shape_name(r, ptr.s),
			       .text = out_buf_view(&text),
			       .is_cut = !is_complete,
		       });
	out_buf_free(&text);
	return true;
}
