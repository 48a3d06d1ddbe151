// A qemu-user plugin that counts the arm64 instructions retired in marked regions, by class.
//
// The program under emulation marks a region by closing two file descriptors that can't be open: BEGIN sets all
// counts to zero, END appends one line of JSON to the file of the argument `out`. Each class is one key, the classes are
// disjoint, and `total` is their sum. Counts are exact for a region that one thread runs.
//
// No package has qemu's plugin header, so the part of it that is used here is declared: API version 1 (qemu 4.2 to 8).

#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t qemu_plugin_id_t;
typedef struct qemu_info_t qemu_info_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 };
typedef void (*translated_t)(qemu_plugin_id_t, struct qemu_plugin_tb *);
typedef void (*syscall_t)(qemu_plugin_id_t, unsigned, int64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,
                          uint64_t, uint64_t, uint64_t);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t, translated_t);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *, enum qemu_plugin_op, void *, uint64_t);
void qemu_plugin_register_vcpu_syscall_cb(qemu_plugin_id_t, syscall_t);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *);

#define EXPORT __attribute__((visibility("default")))
EXPORT int qemu_plugin_version = 1;

enum { SYSCALL_CLOSE = 57, BEGIN = 0x5A5A01, END = 0x5A5A02 };

enum class { DOT, MMLA, MLAL, FMLA, SIMD, SVE, SIMD_MEMORY, MEMORY, BRANCH, INTEGER, CLASSES };
static const char *const names[CLASSES] = {"dot",         "mmla",   "mlal",   "fmla",   "simd", "sve",
                                           "simd_memory", "memory", "branch", "integer"};

// Encodings: Arm Architecture Reference Manual, C4.1, "A64 instruction set encoding".
struct pattern {
  uint32_t mask, value;
  enum class class;
};
static const struct pattern multiplies[] = {
    {0x9FE0FC00, 0x0E809400, DOT},   // SDOT, UDOT (vector)
    {0xBFE0FC00, 0x0E809C00, DOT},   // USDOT (vector)
    {0x9FC0F400, 0x0F80E000, DOT},   // SDOT, UDOT (by element)
    {0xBF40F400, 0x0F00F000, DOT},   // SUDOT, USDOT (by element)
    {0xDFE0F400, 0x4E80A400, MMLA},  // SMMLA, UMMLA, USMMLA
    {0x9F20FC00, 0x0E208000, MLAL},  // SMLAL, UMLAL (vector)
    {0x9F20FC00, 0x0E20C000, MLAL},  // SMULL, UMULL (vector)
    {0x9F00F400, 0x0F002000, MLAL},  // SMLAL, UMLAL (by element)
    {0x9F00F400, 0x0F00A000, MLAL},  // SMULL, UMULL (by element)
    {0xBF20FC00, 0x0E20CC00, FMLA},  // FMLA, FMLS (vector)
    {0xBF60FC00, 0x0E400C00, FMLA},  // FMLA, FMLS (vector, half precision)
    {0xBF80B400, 0x0F801000, FMLA},  // FMLA, FMLS (by element)
    {0xBFC0B400, 0x0F001000, FMLA},  // FMLA, FMLS (by element, half precision)
    {0xFF000000, 0x1F000000, FMLA},  // FMADD, FMSUB, FNMADD, FNMSUB
};

// A translated block: how often it ran, and what one run of it retires.
struct block {
  struct block *next;
  uint64_t runs;
  uint32_t count[CLASSES];
};
static struct block *blocks;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static FILE *out;

static enum class classify(uint32_t word) {
  unsigned group = (word >> 25) & 15;
  if (group == 0 || group == 2) return SVE;  // SVE, and SME
  if ((group & 5) == 4) return word & (1u << 26) ? SIMD_MEMORY : MEMORY;
  if ((group & 14) == 10) return BRANCH;  // and system instructions
  if ((group & 7) != 7) return INTEGER;
  for (size_t i = 0; i < sizeof multiplies / sizeof *multiplies; i++)
    if ((word & multiplies[i].mask) == multiplies[i].value) return multiplies[i].class;
  return SIMD;
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *tb) {
  struct block *block = calloc(1, sizeof *block);
  if (block == NULL) abort();
  for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
    uint32_t word;
    memcpy(&word, qemu_plugin_insn_data(qemu_plugin_tb_get_insn(tb, i)), sizeof word);
    block->count[classify(word)]++;
  }
  pthread_mutex_lock(&lock);
  block->next = blocks;
  blocks = block;
  pthread_mutex_unlock(&lock);
  qemu_plugin_register_vcpu_tb_exec_inline(tb, QEMU_PLUGIN_INLINE_ADD_U64, &block->runs, 1);
}

static void reset(void) {
  for (struct block *block = blocks; block != NULL; block = block->next) block->runs = 0;
}

static void report(void) {
  uint64_t sums[CLASSES] = {0}, total = 0;
  for (struct block *block = blocks; block != NULL; block = block->next)
    for (int i = 0; i < CLASSES && block->runs != 0; i++) sums[i] += block->runs * block->count[i];
  for (int i = 0; i < CLASSES; i++) total += sums[i];
  fprintf(out, "{\"total\": %" PRIu64, total);
  for (int i = 0; i < CLASSES; i++) fprintf(out, ", \"%s\": %" PRIu64, names[i], sums[i]);
  fprintf(out, "}\n");
  fflush(out);
}

static void on_syscall(qemu_plugin_id_t id, unsigned cpu, int64_t number, uint64_t argument, uint64_t a2, uint64_t a3,
                       uint64_t a4, uint64_t a5, uint64_t a6, uint64_t a7, uint64_t a8) {
  if (number != SYSCALL_CLOSE || (argument != BEGIN && argument != END)) return;
  pthread_mutex_lock(&lock);
  argument == BEGIN ? reset() : report();
  pthread_mutex_unlock(&lock);
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv) {
  if (argc != 1 || strncmp(argv[0], "out=", 4) != 0) return 1;
  out = fopen(argv[0] + 4, "w");
  if (out == NULL) return 1;
  qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
  qemu_plugin_register_vcpu_syscall_cb(id, on_syscall);
  return 0;
}
