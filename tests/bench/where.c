// SPDX-License-Identifier: GPL-2.0
/*
 * A plugin for QEMU: which instructions a CPU executes from the beginning of an
 * interrupt's handler to a mark, by address.
 *
 * from=ADDRESS: of the handler. out=FILE: gets "windows N" and then, for each block of
 * instructions, "ADDRESS SIZE N", N: how often it ran in all windows; after every
 * WRITE_EVERY windows. A window that ends in another such interrupt does not count.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* QEMU's interface to plugins, version 1, as far as it is needed here. */
typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef void (*vcpu_cb)(unsigned int cpu, void *data);
typedef void (*tb_cb)(qemu_plugin_id_t id, struct qemu_plugin_tb *tb);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, tb_cb cb);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, vcpu_cb cb,
					  int flags, void *data);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
					    vcpu_cb cb, int flags, void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb,
						 size_t i);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
int qemu_plugin_version = 1;

#define MOST_CPUS 16
#define MOST_BLOCKS 100000
#define WRITE_EVERY 100

/* The mark: a no-op. */
static const unsigned char mark[] = { 0x0f, 0x1f, 0x80, 0xfe, 0x5a, 0x00, 0x00 };

struct block {
	uint64_t address;
	uint64_t size;		/* instructions */
	uint64_t runs;		/* in all windows */
	struct block *next;
};

static struct {
	bool open;
	unsigned int blocks;
	struct block *block[MOST_BLOCKS];
} window[MOST_CPUS];

static struct block *all;
static uint64_t from, windows;
static const char *out;

static void executed(unsigned int cpu, void *data)
{
	struct block *b = data;

	if (cpu >= MOST_CPUS)
		return;
	if (b->address == from) {
		window[cpu].open = true;
		window[cpu].blocks = 0;
	}
	if (!window[cpu].open)
		return;
	if (window[cpu].blocks == MOST_BLOCKS)
		window[cpu].open = false;
	else
		window[cpu].block[window[cpu].blocks++] = b;
}

/* The machine is switched off without warning, so the file is written meanwhile. */
static void write_blocks(void)
{
	FILE *f = fopen(out, "w");
	struct block *b;

	if (!f)
		return;
	fprintf(f, "windows %" PRIu64 "\n", windows);
	for (b = all; b; b = b->next)
		if (b->runs)
			fprintf(f, "%" PRIx64 " %" PRIu64 " %" PRIu64 "\n",
				b->address, b->size, b->runs);
	fclose(f);
}

static void marked(unsigned int cpu, void *data)
{
	unsigned int i;

	(void)data;
	if (cpu >= MOST_CPUS || !window[cpu].open)
		return;
	window[cpu].open = false;
	windows++;
	for (i = 0; i < window[cpu].blocks; i++)
		window[cpu].block[i]->runs++;
	if (windows % WRITE_EVERY == 0)
		write_blocks();
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	struct block *b = calloc(1, sizeof(*b));
	struct qemu_plugin_insn *insn;
	size_t i;

	(void)id;
	if (!b)
		abort();
	b->address = qemu_plugin_tb_vaddr(tb);
	b->size = qemu_plugin_tb_n_insns(tb);
	b->next = all;
	all = b;
	qemu_plugin_register_vcpu_tb_exec_cb(tb, executed, 0, b);
	for (i = 0; i < b->size; i++) {
		insn = qemu_plugin_tb_get_insn(tb, i);
		if (qemu_plugin_insn_size(insn) == sizeof(mark) &&
		    !memcmp(qemu_plugin_insn_data(insn), mark, sizeof(mark)))
			qemu_plugin_register_vcpu_insn_exec_cb(insn, marked, 0,
							       NULL);
	}
}

int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc,
			char **argv);

int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc,
			char **argv)
{
	int i;

	(void)info;
	for (i = 0; i < argc; i++) {
		if (!strncmp(argv[i], "from=", 5))
			from = strtoull(argv[i] + 5, NULL, 0);
		else if (!strncmp(argv[i], "out=", 4))
			out = strdup(argv[i] + 4);
	}
	if (!from || !out) {
		fprintf(stderr, "where: wants from=ADDRESS and out=FILE\n");
		return -1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
