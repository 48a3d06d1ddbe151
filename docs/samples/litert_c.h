// The few declarations of LiteRT 2.3's C interface that develop.cpp calls; the symbols are in libLiteRt.so.
// LiteRT's own headers (litert/c/*.h) declare the same and take this file's place where you build against its SDK.
#pragma once
#include <cstddef>
#include <cstdint>

extern "C" {
typedef struct LiteRtEnvironmentT* LiteRtEnvironment;
typedef struct LiteRtModelT* LiteRtModel;
typedef struct LiteRtOptionsT* LiteRtOptions;
typedef struct LiteRtCompiledModelT* LiteRtCompiledModel;
typedef struct LiteRtSignatureT* LiteRtSignature;
typedef struct LiteRtTensorT* LiteRtTensor;
typedef struct LiteRtTensorBufferT* LiteRtTensorBuffer;

typedef struct {
  unsigned int rank : 7;
  bool has_strides : 1;
  int32_t dimensions[8];
  uint32_t strides[8];
} LiteRtLayout;
typedef struct {
  int element_type;
  LiteRtLayout layout;
} LiteRtRankedTensorType;

int LiteRtCreateEnvironment(int count, const void* options, LiteRtEnvironment* environment);
void LiteRtDestroyEnvironment(LiteRtEnvironment environment);
int LiteRtCreateModelFromFile(LiteRtEnvironment environment, const char* path, LiteRtModel* model);
void LiteRtDestroyModel(LiteRtModel model);
int LiteRtGetModelSignature(LiteRtModel model, size_t index, LiteRtSignature* signature);
int LiteRtGetSignatureKey(LiteRtSignature signature, const char** key);
int LiteRtGetSignatureInputTensorByIndex(LiteRtSignature signature, size_t index, LiteRtTensor* tensor);
int LiteRtGetSignatureOutputTensorByIndex(LiteRtSignature signature, size_t index, LiteRtTensor* tensor);
int LiteRtGetRankedTensorType(LiteRtTensor tensor, LiteRtRankedTensorType* type);
int LiteRtCreateOptions(LiteRtOptions* options);
int LiteRtSetOptionsHardwareAccelerators(LiteRtOptions options, int accelerators);
void LiteRtDestroyOptions(LiteRtOptions options);
int LiteRtCreateCompiledModel(LiteRtEnvironment environment, LiteRtModel model, LiteRtOptions options,
                              LiteRtCompiledModel* compiled);
int LiteRtCompiledModelResizeInputTensorNonStrict(LiteRtCompiledModel compiled, size_t signature, size_t input,
                                                  const int* dimensions, size_t rank);
int LiteRtRunCompiledModel(LiteRtCompiledModel compiled, size_t signature, size_t inputs, LiteRtTensorBuffer* input,
                           size_t outputs, LiteRtTensorBuffer* output);
void LiteRtDestroyCompiledModel(LiteRtCompiledModel compiled);
int LiteRtCreateManagedTensorBuffer(LiteRtEnvironment environment, int kind, const LiteRtRankedTensorType* type,
                                    size_t bytes, LiteRtTensorBuffer* buffer);
int LiteRtLockTensorBuffer(LiteRtTensorBuffer buffer, void** address, int mode);
int LiteRtUnlockTensorBuffer(LiteRtTensorBuffer buffer);
void LiteRtDestroyTensorBuffer(LiteRtTensorBuffer buffer);
}
