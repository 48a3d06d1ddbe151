// Develops one RAW frame with lwisp.int8.tflite by its contract, with nothing but LiteRT.
//
//   g++ -std=c++17 -O2 -ffp-contract=off develop.cpp -o develop -L DIR -l:libLiteRt.so -Wl,-rpath,DIR
//   ./develop lwisp.int8.tflite contract.txt frame.txt mosaic.u16 OUT
//
// contract.txt: curve_offset, then reference_to_srgb row by row, as in contract.json (version 2).
// frame.txt: width, height, rows and columns before the first R site, black by site of the mosaic's own 2x2 cell,
// white, gains R G B, camera_to_srgb row by row. mosaic.u16: 16-bit samples, little endian.
// `write_inputs.py` writes these three. Sizes and scales of the shipped contract stand here as numbers.
// Writes OUT.packed (float32), OUT.quantized and OUT.rgb (int8): input before and after quantization, and output.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "litert_c.h"

namespace {
using Matrix = std::array<std::array<double, 3>, 3>;
constexpr int kMultiple = 16;  // contract: input.size_multiple

void check(bool good, const std::string& what) {
  if (!good) {
    std::fprintf(stderr, "develop: %s\n", what.c_str());
    std::exit(2);
  }
}

struct Frame {
  int width, height, top, left;
  std::array<double, 4> black;
  double white;
  std::array<double, 3> gains;
  Matrix camera;
  std::vector<uint16_t> mosaic;
};

std::vector<double> numbers(const char* path, size_t count) {
  std::ifstream file(path);
  std::vector<double> found(count);
  for (double& value : found) check(bool(file >> value), std::string(path) + ": too few numbers");
  return found;
}

Matrix matrix(const std::vector<double>& values, size_t at) {
  Matrix rows;
  for (int i = 0; i < 9; ++i) rows[i / 3][i % 3] = values[at + i];
  for (auto& row : rows) {  // each row to sum 1, so that white stays white
    const double sum = row[0] + row[1] + row[2];
    for (double& value : row) value /= sum;
  }
  return rows;
}

Frame read_frame(const char* facts, const char* mosaic) {
  const auto n = numbers(facts, 4 + 4 + 1 + 3 + 9);
  Frame f{int(n[0]), int(n[1]), int(n[2]),           int(n[3]),    {n[4], n[5], n[6], n[7]},
          n[8],      {n[9], n[10], n[11]}, matrix(n, 12), {}};
  f.mosaic.resize(size_t(f.width) * f.height);
  std::ifstream file(mosaic, std::ios::binary);
  check(bool(file.read(reinterpret_cast<char*>(f.mosaic.data()), f.mosaic.size() * 2)), "the mosaic is truncated");
  return f;
}

// reference^-1 * camera by Cramer's rule.
std::array<std::array<float, 3>, 3> to_reference(const Matrix& a, const Matrix& b) {
  auto determinant = [](const Matrix& m) {
    return m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1]) - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0]) +
           m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0]);
  };
  std::array<std::array<float, 3>, 3> result;
  for (int column = 0; column < 3; ++column)
    for (int row = 0; row < 3; ++row) {
      Matrix changed = a;
      for (int i = 0; i < 3; ++i) changed[i][row] = b[i][column];
      result[row][column] = float(determinant(changed) / determinant(a));
    }
  return result;
}

// Reflection about the first or last sample: -1 is 1, n is n - 2.
int reflected(int at, int count) {
  const int period = 2 * (count - 1);
  at = ((at % period) + period) % period;
  return at < count ? at : period - at;
}

struct Packed {
  int height, width;
  std::vector<float> values;  // (height, width, 4): R, Gr, Gb, B
};

// Smooths a plane by 1-4-6-4-1 / 16 along both sides; beyond the border, its nearest value.
std::vector<float> smooth(const std::vector<float>& plane, int height, int width) {
  std::vector<float> columns(size_t(height) * width), result(plane.size());
  const auto sum = [](std::array<float, 5> v) {
    for (int left = 4; left > 0; --left)
      for (int i = 0; i < left; ++i) v[i] += v[i + 1];
    return v[0];
  };
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      std::array<float, 5> v;
      for (int i = 0; i < 5; ++i) v[i] = plane[size_t(std::clamp(y + i - 2, 0, height - 1)) * width + x];
      columns[size_t(y) * width + x] = sum(v);
    }
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      std::array<float, 5> v;
      for (int i = 0; i < 5; ++i) v[i] = columns[size_t(y) * width + std::clamp(x + i - 2, 0, width - 1)];
      result[size_t(y) * width + x] = sum(v) * (1.0f / 256.0f);
    }
  return result;
}

Packed prepare(const Frame& f, double offset, const Matrix& reference) {
  const auto up = [](int side) { return (side + 2 * kMultiple - 1) / (2 * kMultiple) * (2 * kMultiple); };
  Packed p{up(f.height + f.top) / 2, up(f.width + f.left) / 2, {}};
  p.values.resize(size_t(p.height) * p.width * 4);
  const auto m = to_reference(reference, f.camera);
  const double low = std::min({f.gains[0], f.gains[1], f.gains[2]});
  const int color[4] = {0, 1, 1, 2};
  float black[4], gain[4];
  for (int site = 0; site < 4; ++site) {
    const int own = ((site / 2 + f.top) % 2) * 2 + (site % 2 + f.left) % 2;
    black[site] = float(f.black[own]);
    gain[site] = float(f.gains[color[site]] / low * (1.0 / (f.white - double(black[site]))));
  }
  const float o = float(offset), scale = float(1 / (1 + offset));
  std::vector<float> from_red(size_t(p.height) * p.width), from_blue(from_red.size());
  for (int y = 0; y < p.height; ++y)
    for (int x = 0; x < p.width; ++x) {
      const size_t at = size_t(y) * p.width + x;
      float* v = &p.values[at * 4];
      for (int site = 0; site < 4; ++site) {
        const int row = reflected(2 * y + site / 2 - f.top, f.height);
        const int column = reflected(2 * x + site % 2 - f.left, f.width);
        v[site] = std::min((float(f.mosaic[size_t(row) * f.width + column]) - black[site]) * gain[site], 1.0f);
      }
      const float green = (v[1] + v[2]) * 0.5f;
      from_red[at] = v[0] - green;
      from_blue[at] = v[3] - green;
    }
  from_red = smooth(from_red, p.height, p.width);
  from_blue = smooth(from_blue, p.height, p.width);
  for (size_t at = 0; at < from_red.size(); ++at)
    for (int site = 0; site < 4; ++site) {
      const int row = color[site];
      float& value = p.values[at * 4 + site];
      value += from_red[at] * (m[row][0] - float(row == 0)) + from_blue[at] * (m[row][2] - float(row == 2));
      value = std::sqrt((std::clamp(value, -o, 1.0f) + o) * scale);
    }
  return p;
}

std::vector<int8_t> quantize(const Packed& p) {
  std::vector<int8_t> quantized(p.values.size());
  for (size_t i = 0; i < quantized.size(); ++i)  // contract: tensor packed, scale 1/255, zero point -128
    quantized[i] = int8_t(std::clamp(std::nearbyint(p.values[i] * 255.0f) - 128.0f, -128.0f, 127.0f));
  return quantized;
}

LiteRtTensorBuffer buffer(LiteRtEnvironment environment, LiteRtTensor tensor, int height, int width, size_t* bytes) {
  LiteRtRankedTensorType type;
  check(!LiteRtGetRankedTensorType(tensor, &type) && type.layout.rank == 4, "a tensor isn't of rank 4");
  type.layout.dimensions[1] = height;
  type.layout.dimensions[2] = width;
  *bytes = size_t(height) * width * type.layout.dimensions[3];
  LiteRtTensorBuffer made;
  check(!LiteRtCreateManagedTensorBuffer(environment, 1 /* host memory */, &type, *bytes, &made), "no tensor buffer");
  return made;
}

std::vector<int8_t> run(const char* path, const std::vector<int8_t>& quantized, int height, int width) {
  LiteRtEnvironment environment;
  LiteRtModel model;
  LiteRtOptions options;
  LiteRtCompiledModel compiled;
  check(!LiteRtCreateEnvironment(0, nullptr, &environment), "no LiteRT environment");
  check(!LiteRtCreateModelFromFile(environment, path, &model), std::string(path) + " is refused");
  check(!LiteRtCreateOptions(&options) && !LiteRtSetOptionsHardwareAccelerators(options, 1 /* CPU */), "no options");
  check(!LiteRtCreateCompiledModel(environment, model, options, &compiled), "the model can't be compiled");
  LiteRtSignature signature;  // contract: whole; the file's first, packed -> rgb
  LiteRtTensor packed, rgb;
  const char* key;
  check(!LiteRtGetModelSignature(model, 0, &signature) && !LiteRtGetSignatureKey(signature, &key), "no signature");
  check(std::strcmp(key, "serving_default") == 0, "the first signature isn't serving_default");
  check(!LiteRtGetSignatureInputTensorByIndex(signature, 0, &packed), "no input");
  check(!LiteRtGetSignatureOutputTensorByIndex(signature, 0, &rgb), "no output");
  const int dimensions[4] = {1, height, width, 4};
  check(!LiteRtCompiledModelResizeInputTensorNonStrict(compiled, 0, 0, dimensions, 4), "the input can't be resized");
  size_t in_bytes, out_bytes;
  LiteRtTensorBuffer in = buffer(environment, packed, height, width, &in_bytes);
  LiteRtTensorBuffer out = buffer(environment, rgb, 2 * height, 2 * width, &out_bytes);
  void* address;
  check(!LiteRtLockTensorBuffer(in, &address, 1 /* write */), "the input can't be written");
  std::memcpy(address, quantized.data(), in_bytes);
  LiteRtUnlockTensorBuffer(in);
  check(!LiteRtRunCompiledModel(compiled, 0, 1, &in, 1, &out), "the model can't be run");
  std::vector<int8_t> result(out_bytes);
  check(!LiteRtLockTensorBuffer(out, &address, 0 /* read */), "the output can't be read");
  std::memcpy(result.data(), address, out_bytes);
  LiteRtUnlockTensorBuffer(out);
  LiteRtDestroyTensorBuffer(in);
  LiteRtDestroyTensorBuffer(out);
  LiteRtDestroyCompiledModel(compiled);
  LiteRtDestroyOptions(options);
  LiteRtDestroyModel(model);
  LiteRtDestroyEnvironment(environment);
  return result;
}

template <typename T>
void write(const std::string& path, const std::vector<T>& values) {
  std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
}
}  // namespace

int main(int count, char** given) {
  check(count == 6, "usage: develop MODEL contract.txt frame.txt mosaic.u16 OUT");
  const auto contract = numbers(given[2], 10);
  const Packed packed = prepare(read_frame(given[3], given[4]), contract[0], matrix(contract, 1));
  const auto quantized = quantize(packed);
  const std::string out = given[5];
  write(out + ".packed", packed.values);
  write(out + ".quantized", quantized);
  // contract: tensor rgb. Real values are (q + 128) / 256, sRGB; the mosaic begins at row `top` and column `left`.
  write(out + ".rgb", run(given[1], quantized, packed.height, packed.width));
}
