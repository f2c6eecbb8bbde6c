import CZlib
import Foundation

/// The compressed blocks of a dataset of one dimension: a B-tree of version 1 (HDF5 File Format
/// Specification Version 3.0, III.A.1, type 1) says where each is.
struct HDF5Chunks {
  private struct Chunk {
    let address: Int
    let bytes: Int
    let isDeflated: Bool
  }

  private let file: HDF5Structure
  /// In bytes, uncompressed.
  private let size: Int
  private let length: Int
  private let elementSize: Int
  private let isDeflated: Bool
  /// By the index of the first element.
  private var chunks: [Int: Chunk] = [:]

  init(_ layout: HDF5Layout, index: Int?, length: Int, in file: HDF5Structure) throws {
    self.file = file
    self.length = length
    elementSize = layout.elements.size
    size = length * elementSize
    isDeflated = layout.isDeflated
    var budget = HDF5Budget(file.size)
    if let index { try add(index, level: nil, &budget) }
  }

  private mutating func add(
    _ address: Int, level expected: Int?, _ budget: inout HDF5Budget
  ) throws {
    try budget.spend(24)
    var head = HDF5Cursor(try file.bytes(24, at: address)[...])
    try head.expect("TREE")
    let type = try head.number(1)
    let level = try head.number(1)
    guard type == 1, level <= 8, level == expected ?? level else {
      throw HDF5Fault("the index of its chunks is damaged")
    }
    let count = try head.number(2)
    try budget.spend(32 * count)
    var entries = HDF5Cursor(try file.bytes(32 * count, at: address + 24)[...])
    for _ in 0..<count {
      let bytes = try entries.number(4)
      let mask = try entries.number(4)
      let first = try entries.length()
      try entries.skip(8)
      let child = try entries.place()
      if level > 0 {
        try add(child, level: level - 1, &budget)
        continue
      }
      // A chunk that does not become smaller is kept as it is, and its mask says so.
      let chunk = Chunk(address: child, bytes: bytes, isDeflated: isDeflated && mask & 1 == 0)
      guard first % length == 0, chunks.updateValue(chunk, forKey: first / length) == nil else {
        throw HDF5Fault("the index of its chunks is damaged")
      }
    }
  }

  /// Copies elements into memory that is just as large.
  func read(_ range: Range<Int>, into target: UnsafeMutableRawBufferPointer) throws {
    var done = range.lowerBound
    while done < range.upperBound {
      let first = done / length * length
      let end = min(first + length, range.upperBound)
      let part = try chunk(done / length)
      let bytes = part[(done - first) * elementSize..<(end - first) * elementSize]
      let start = (done - range.lowerBound) * elementSize
      UnsafeMutableRawBufferPointer(rebasing: target[start..<start + bytes.count])
        .copyBytes(from: bytes)
      done = end
    }
  }

  private func chunk(_ index: Int) throws -> [UInt8] {
    guard let chunk = chunks[index] else { throw HDF5Fault("a part of it was never written") }
    // Deflate makes nothing longer by more than a few bytes a block.
    guard chunk.bytes <= size + size / 1000 + 64 else { throw HDF5Fault("a chunk is too long") }
    let stored = try file.bytes(chunk.bytes, at: chunk.address)
    if !chunk.isDeflated {
      guard stored.count == size else { throw HDF5Fault("a chunk is not as long as it should be") }
      return stored
    }
    return try [UInt8](unsafeUninitializedCapacity: size) { buffer, initialised in
      var length = uLongf(size)
      guard uncompress(buffer.baseAddress, &length, stored, uLong(stored.count)) == Z_OK,
        length == uLongf(size)
      else { throw HDF5Fault("a compressed part of it is damaged") }
      initialised = size
    }
  }
}
