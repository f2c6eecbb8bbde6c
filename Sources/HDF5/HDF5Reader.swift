import Foundation
import Synchronization

/// Reads HDF5 files that anybody may have made, without the C library, which crashes on some. Safe to
/// use from several threads.
///
/// It knows the forms that `HDF5File` writes, and few others. Links to other places, data in other
/// files, filters other than deflate, and whatever claims more than the file can hold are errors,
/// before any memory is taken and before anything is read through them.
package final class HDF5Reader: Sendable {
  package let url: URL
  private let file: HDF5Structure
  /// How long the file is.
  package var bytes: Int { file.source.size }
  private let state: Mutex<State>

  private struct State {
    /// What lies in each group that was looked at, by the group's address.
    var groups: [Int: HDF5Links] = [:]
    /// The datasets that were read, by path.
    var claimed: Set<String> = []
    var uncompressed: HDF5Budget
    var compressed: HDF5Budget
  }

  /// How many times as long as the file all that is kept compressed in it may be. Tables become a tenth
  /// or so.
  package static let greatestGrowth = 100

  /// Opens a file.
  /// - Throws: `HDF5Error`.
  package init(_ url: URL) throws {
    self.url = url
    do {
      file = try HDF5Structure(HDF5Source(url.path))
    } catch let fault as HDF5Fault {
      throw HDF5Error(action: "open", path: url.path, reason: fault.reason)
    }
    state = Mutex(
      State(
        uncompressed: HDF5Budget(file.size),
        compressed: HDF5Budget(Self.greatestGrowth * file.size)))
  }

  private func perform<Result>(_ action: String, _ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let fault as HDF5Fault {
      throw HDF5Error(action: action, path: url.path, reason: fault.reason)
    }
  }

  private static func parts(_ path: String) -> [String] {
    path.split(separator: "/").map(String.init)
  }

  private func links(at address: Int) throws -> HDF5Links {
    if let known = state.withLock({ $0.groups[address] }) { return known }
    let group = try HDF5Object(at: address, in: file)
    if group.isDataset { throw HDF5Fault("there is a dataset where a group should be") }
    let links = try HDF5Links(of: group, in: file)
    state.withLock { $0.groups[address] = links }
    return links
  }

  /// The address of a group or dataset; nil where there is none.
  private func address(of path: String) throws -> Int? {
    var address = file.root
    for part in Self.parts(path) {
      guard let next = try links(at: address).addresses[part] else { return nil }
      address = next
    }
    return address
  }

  private func object(_ path: String) throws -> HDF5Object {
    guard let address = try address(of: path) else { throw HDF5Fault("there is no '\(path)'") }
    return try HDF5Object(at: address, in: file)
  }

  private func layout(_ path: String) throws -> HDF5Layout {
    try HDF5Layout(object(path), in: file)
  }
}

extension HDF5Reader {
  /// Whether there is a group or dataset of that path.
  package func exists(_ path: String) throws -> Bool {
    try perform("look for '\(path)' in") { try address(of: path) != nil }
  }

  /// The names of what lies directly in a group, sorted by their bytes.
  package func members(of path: String = "/") throws -> [String] {
    try perform("list '\(path)' of") {
      guard let address = try address(of: path) else { throw HDF5Fault("there is no '\(path)'") }
      return sorted(try links(at: address).addresses.keys)
    }
  }

  /// The value of an attribute; nil where there is none.
  package func attribute(_ name: String, of path: String = "/") throws -> HDF5Attribute? {
    try perform("read the attribute '\(name)' of '\(path)' of") {
      let attributes = try HDF5StoredAttributes(object(path))
      return try attributes.bodies[name].map { try HDF5StoredAttributes.value($0, in: file) }
    }
  }

  /// The names of the attributes of a group or dataset, sorted by their bytes.
  package func attributeNames(of path: String = "/") throws -> [String] {
    try perform("list the attributes of '\(path)' of") {
      sorted(try HDF5StoredAttributes(object(path)).bodies.keys)
    }
  }

  private func sorted(_ names: some Sequence<String>) -> [String] {
    names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  package func describe(_ path: String) throws -> HDF5DatasetDescription {
    try perform("describe '\(path)' of") { try layout(path).description }
  }
}

extension HDF5Reader {
  /// Reads a dataset, or a block of it, row-major.
  /// - Throws: `HDF5Error`, also where the elements are of another type; nothing is converted.
  package func read<Element: HDF5Element>(
    _ path: String, as type: Element.Type = Element.self, block: HDF5Block? = nil
  ) throws -> [Element] {
    try perform("read '\(path)' of") {
      let layout = try checkedLayout(path, Element.elementType)
      let block = try checked(block, of: layout)
      return try [Element](unsafeUninitializedCapacity: block.count) { buffer, initialised in
        let target = UnsafeMutableBufferPointer(rebasing: buffer[..<block.count])
        try read(block, of: layout, into: UnsafeMutableRawBufferPointer(target))
        initialised = block.count
      }
    }
  }

  /// Reads a dataset, or a block of it, into memory that somebody else owns and that is just as
  /// large.
  package func read<Element: HDF5Element>(
    _ path: String, into target: UnsafeMutableBufferPointer<Element>, block: HDF5Block? = nil
  ) throws {
    try perform("read '\(path)' of") {
      let layout = try checkedLayout(path, Element.elementType)
      let block = try checked(block, of: layout)
      guard block.count == target.count else {
        throw HDF5Fault("there are \(block.count) elements, but room for \(target.count)")
      }
      try read(block, of: layout, into: UnsafeMutableRawBufferPointer(target))
    }
  }

  /// Reads a dataset of variable-length strings, row-major.
  package func readStrings(_ path: String) throws -> [String] {
    try perform("read '\(path)' of") {
      let layout = try self.layout(path)
      guard layout.elements.type == .string else {
        throw HDF5Fault("it holds \(layout.elements.type), not strings")
      }
      guard case .contiguous(let address) = layout.storage else { return [] }
      let elements = try file.bytes(layout.elements.bytes, at: address)
      try claim(path, layout.elements.bytes + HDF5Texts.total(elements), isCompressed: false)
      var texts = HDF5Texts(file)
      return try texts.texts(elements)
    }
  }

  private func checkedLayout(_ path: String, _ type: HDF5ElementType) throws -> HDF5Layout {
    let layout = try self.layout(path)
    guard layout.elements.type == type else {
      throw HDF5Fault("it holds \(layout.elements.type), not \(type)")
    }
    if case .chunks = layout.storage {
      try claim(path, layout.elements.bytes, isCompressed: true)
    } else {
      try claim(path, layout.elements.bytes, isCompressed: false)
    }
    return layout
  }

  /// Datasets that lie at the same place would take memory many times.
  private func claim(_ path: String, _ bytes: Int, isCompressed: Bool) throws {
    try state.withLock { state in
      guard state.claimed.insert(Self.parts(path).joined(separator: "/")).inserted else { return }
      if isCompressed {
        try state.compressed.spend(bytes)
      } else {
        try state.uncompressed.spend(bytes)
      }
    }
  }

  private func checked(_ block: HDF5Block?, of layout: HDF5Layout) throws -> HDF5Block {
    let shape = layout.elements.shape
    guard let block else { return HDF5Block(start: shape.map { _ in 0 }, shape: shape) }
    let fits =
      block.start.count == shape.count && block.shape.count == shape.count
      && zip(zip(block.start, block.shape), shape).allSatisfy { part, length in
        part.0 >= 0 && part.1 >= 0 && part.0 <= length && part.1 <= length - part.0
      }
    guard fits else {
      throw HDF5Fault("\(block.shape) from \(block.start) lies outside \(shape)")
    }
    return block
  }

  private func read(
    _ block: HDF5Block, of layout: HDF5Layout, into target: UnsafeMutableRawBufferPointer
  ) throws {
    if target.isEmpty { return }
    switch layout.storage {
    case .nothing: return
    case .chunks(let index, let length):
      let first = block.start[0]
      try HDF5Chunks(layout, index: index, length: length, in: file)
        .read(first..<first + block.count, into: target)
    case .contiguous(let address):
      var done = 0
      for run in block.runs(in: layout.elements.shape) {
        let bytes = run.count * layout.elements.size
        try file.source.read(
          into: UnsafeMutableRawBufferPointer(rebasing: target[done..<done + bytes]),
          at: file.base + address + run.lowerBound * layout.elements.size)
        done += bytes
      }
    }
  }
}

extension HDF5Block {
  /// The elements of a dataset that belong to the block, as far as they lie one after the other.
  fileprivate func runs(in whole: [Int]) -> [Range<Int>] {
    if shape == whole { return [0..<count] }
    var firsts = [0]
    for (dimension, length) in whole.enumerated() {
      let indices = dimension == whole.count - 1 ? 0..<1 : 0..<shape[dimension]
      firsts = firsts.flatMap { first in
        indices.map { (first * length) + start[dimension] + $0 }
      }
    }
    return firsts.map { $0..<$0 + (shape.last ?? 1) }
  }
}

/// The attributes of a group or dataset (HDF5 File Format Specification Version 3.0, IV.A.2.m).
struct HDF5StoredAttributes {
  /// The body of each attribute's message, by its name.
  private(set) var bodies: [String: ArraySlice<UInt8>] = [:]

  init(_ object: HDF5Object) throws {
    if var info = try object.only(.attributeInfo) {
      try info.skip(1)
      if try info.number(1) & 1 != 0 { try info.skip(2) }
      if try info.address() != nil {
        throw HDF5Fault("its attributes are kept in a form that this program does not read")
      }
    }
    for message in object.messages where message.type == .attribute {
      let name = try Parts(message.body).name
      guard bodies.updateValue(message.body, forKey: name) == nil else {
        throw HDF5Fault("there are two attributes '\(name)'")
      }
    }
  }

  private struct Parts {
    let name: String
    var type: HDF5Cursor
    var space: HDF5Cursor
    var data: HDF5Cursor

    init(_ body: ArraySlice<UInt8>) throws {
      var cursor = HDF5Cursor(body)
      let version = try cursor.number(1)
      let flags = try cursor.number(1)
      guard (1...3).contains(version), version == 1 || flags == 0 else {
        throw HDF5Fault("an attribute is kept in a form that this program does not read")
      }
      let sizes = try (0..<3).map { _ in try cursor.number(2) }
      if version == 3 { try cursor.skip(1) }
      func part(_ size: Int) throws -> ArraySlice<UInt8> {
        let part = try cursor.take(size)
        if version == 1 { try cursor.skipPadding(after: size) }
        return part
      }
      name = String(decoding: try part(sizes[0]).prefix { $0 != 0 }, as: UTF8.self)
      type = HDF5Cursor(try part(sizes[1]))
      space = HDF5Cursor(try part(sizes[2]))
      data = HDF5Cursor(try cursor.take(cursor.remaining))
    }
  }

  static func value(_ body: ArraySlice<UInt8>, in file: HDF5Structure) throws -> HDF5Attribute {
    var parts = try Parts(body)
    let elements = try HDF5Elements(type: &parts.type, space: &parts.space)
    guard elements.count == 1 else { throw HDF5Fault("it is not a single value") }
    let bytes = Array(try parts.data.take(min(elements.size, 16)))
    func load<Value: BitwiseCopyable>(_ type: Value.Type) -> Value {
      bytes.withUnsafeBytes { $0.loadUnaligned(as: type) }
    }
    switch elements.type {
    case .int64: return .integer(Int(load(Int64.self)))
    case .int32: return .integer(Int(load(Int32.self)))
    case .uint8: return .integer(Int(load(UInt8.self)))
    case .float64: return .number(load(Double.self))
    case .float32: return .number(Double(load(Float.self)))
    case .string:
      guard try HDF5Texts.total(bytes) <= file.size else {
        throw HDF5Fault("a text of it is longer than the file")
      }
      var texts = HDF5Texts(file)
      return .string(try texts.texts(bytes)[0])
    case .other: throw HDF5Fault("its type is not one that this program reads")
    }
  }
}

extension HDF5Reader {
  /// Looks at every group, dataset and attribute, so that a file which cannot be read in full is refused
  /// before it is used.
  /// - Throws: `HDF5Error`, also where the file is not one that this program writes: where an object has
  ///   two names, or a type that is never written.
  package func check() throws {
    var seen: Set<Int> = []
    try perform("read") { try check("", at: file.root, depth: 0, &seen) }
  }

  private func check(
    _ path: String, at address: Int, depth: Int, _ seen: inout Set<Int>
  ) throws {
    guard seen.insert(address).inserted, depth < 32 else {
      throw HDF5Fault("'\(path)' is another name of something else")
    }
    let object = try HDF5Object(at: address, in: file)
    for (_, body) in try HDF5StoredAttributes(object).bodies {
      _ = try HDF5StoredAttributes.value(body, in: file)
    }
    if object.isDataset { return try checkDataset(path) }
    let links = try links(at: address)
    for (name, address) in links.addresses.sorted(by: { $0.value < $1.value }) {
      try check("\(path)/\(name)", at: address, depth: depth + 1, &seen)
    }
  }

  private func checkDataset(_ path: String) throws {
    let layout = try self.layout(path)
    switch layout.elements.type {
    case .other: throw HDF5Fault("'\(path)' is of a type that this program does not read")
    case .string: _ = try readStrings(path)
    default: _ = try checkedLayout(path, layout.elements.type)
    }
  }
}
