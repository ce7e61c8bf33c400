// libZydis of Debian (libzydis-dev), as far as call sites need it: how long an instruction is, and where it leads.
#ifndef UNDERSTUDY_ZYDIS_SHIM_H
#define UNDERSTUDY_ZYDIS_SHIM_H

#include <Zydis/Zydis.h>
#include <stdint.h>

struct decoded_instruction {
    uint8_t length;
    /// Whether what it does depends on where it stands: a relative branch, or an operand relative to RIP.
    uint8_t is_relative;
    /// What linkers and compilers put between functions: a nop of any length, or int3.
    uint8_t is_padding;
    uint8_t is_syscall;
    /// A branch of any kind, a call, a return, an interrupt.
    uint8_t leaves;
    /// Whether the next instruction is never reached from this one.
    uint8_t ends_flow;
    /// Whether `target` is where it leads.
    uint8_t has_target;
    uint64_t target;
};

/// Returns 0 where the bytes are no instruction of 64-bit mode.
static inline int decode_instruction(
    const uint8_t *bytes, uint64_t count, uint64_t address, struct decoded_instruction *result) {
    ZydisDecoder decoder;
    ZydisDecodedInstruction instruction;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    if (ZYAN_FAILED(ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64))) return 0;
    if (ZYAN_FAILED(ZydisDecoderDecodeFull(&decoder, bytes, count, &instruction, operands))) return 0;
    *result = (struct decoded_instruction){
        .length = instruction.length,
        .is_relative = (instruction.attributes & ZYDIS_ATTRIB_IS_RELATIVE) != 0,
        .is_padding = instruction.meta.category == ZYDIS_CATEGORY_NOP ||
                      instruction.meta.category == ZYDIS_CATEGORY_WIDENOP ||
                      instruction.mnemonic == ZYDIS_MNEMONIC_INT3,
        .is_syscall = instruction.mnemonic == ZYDIS_MNEMONIC_SYSCALL,
    };
    switch (instruction.meta.category) {
    case ZYDIS_CATEGORY_UNCOND_BR:
    case ZYDIS_CATEGORY_RET:
        result->ends_flow = 1;
        result->leaves = 1;
        break;
    case ZYDIS_CATEGORY_COND_BR:
    case ZYDIS_CATEGORY_CALL:
    case ZYDIS_CATEGORY_INTERRUPT:
    case ZYDIS_CATEGORY_SYSCALL:
    case ZYDIS_CATEGORY_SYSRET:
    case ZYDIS_CATEGORY_SYSTEM:
        result->leaves = 1;
        break;
    default:
        break;
    }
    if (instruction.mnemonic == ZYDIS_MNEMONIC_UD2 || instruction.mnemonic == ZYDIS_MNEMONIC_HLT) {
        result->ends_flow = 1;
    }
    if (result->leaves && instruction.operand_count > 0 && operands[0].type == ZYDIS_OPERAND_TYPE_IMMEDIATE &&
        operands[0].imm.is_relative &&
        ZYAN_SUCCESS(ZydisCalcAbsoluteAddress(&instruction, &operands[0], address, &result->target))) {
        result->has_target = 1;
    }
    return 1;
}

#endif
