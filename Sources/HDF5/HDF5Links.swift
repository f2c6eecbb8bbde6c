/// What lies in a group: the address of each object by its name.
///
/// Links that lead elsewhere, to another path or another file, are faults: nothing is read through
/// them.
struct HDF5Links {
  private(set) var addresses: [String: Int] = [:]
  private let file: HDF5Structure
  private var budget: HDF5Budget

  /// Reads the links of a group.
  init(of group: HDF5Object, in file: HDF5Structure) throws {
    self.file = file
    budget = HDF5Budget(file.size)
    for message in group.messages where message.type == .link { try addLink(message.body) }
    if var info = try group.only(.linkInfo) {
      try info.skip(1)
      if try info.number(1) & 1 != 0 { try info.skip(8) }
      if let heap = try info.address() { try addDenseLinks(heap, index: try info.place()) }
    }
    if var table = try group.only(.symbolTable) {
      let tree = try table.place()
      try addSymbols(tree, heap: try table.place())
    }
  }

  private mutating func add(_ name: ArraySlice<UInt8>, _ address: Int) throws {
    let name = String(decoding: name, as: UTF8.self)
    guard !name.isEmpty, name != ".", !name.utf8.contains(0), !name.utf8.contains(UInt8(ascii: "/"))
    else { throw HDF5Fault("'\(name)' cannot be a name") }
    guard addresses.updateValue(address, forKey: name) == nil else {
      throw HDF5Fault("there are two of the name '\(name)'")
    }
  }

  /// A link message (IV.A.2.g).
  private mutating func addLink(_ body: ArraySlice<UInt8>) throws {
    var cursor = HDF5Cursor(body)
    guard try cursor.number(1) == 1 else { throw HDF5Fault("a link is damaged") }
    let flags = try cursor.number(1)
    let type = flags & 8 == 0 ? 0 : try cursor.number(1)
    if flags & 4 != 0 { try cursor.skip(8) }
    if flags & 16 != 0 { try cursor.skip(1) }
    let width = 1 << (flags & 3)
    let name = try cursor.take(width == 8 ? cursor.length() : cursor.number(width))
    guard type == 0 else { throw Self.foreign(name, isExternal: type == 64) }
    try add(name, try cursor.place())
  }

  private static func foreign(_ name: ArraySlice<UInt8>, isExternal: Bool) -> HDF5Fault {
    let place = isExternal ? "another file" : "another place"
    return HDF5Fault(
      "'\(String(decoding: name.prefix(80), as: UTF8.self))' is a link to \(place), which is not "
        + "followed")
  }
}

/// Groups of more than a few links: a fractal heap (III.G) holds the links, and a B-tree of version 2
/// (III.A.2) says where. The library has fixed sizes for them, and no others are read.
extension HDF5Links {
  private enum Heap {
    static let headerBytes = 146
    /// Direct blocks in a row.
    static let width = 4
    static let firstBlock = 512
    /// Rows of direct blocks; those below are of indirect ones.
    static let directRows = 9
    static let blockHead = 17
  }

  private enum Index {
    static let headerBytes = 38
    static let nodeBytes = 512
    static let recordBytes = 11
    /// Three levels of nodes are 600,000 links.
    static let greatestDepth = 3
  }

  private struct FractalHeap {
    let root: Int
    /// Rows of the indirect block that the root is; 0 where it is a direct block.
    let rows: Int
  }

  private mutating func addDenseLinks(_ address: Int, index: Int) throws {
    let heap = try heap(at: address)
    try budget.spend(Index.headerBytes)
    var cursor = HDF5Cursor(try file.bytes(Index.headerBytes, at: index)[...])
    try cursor.expect("BTHD")
    guard try cursor.number(2) == 5 << 8, try cursor.number(4) == Index.nodeBytes,
      try cursor.number(2) == Index.recordBytes
    else { throw HDF5Fault("the index of a group is damaged") }
    let depth = try cursor.number(2)
    guard depth <= Index.greatestDepth else { throw HDF5Fault("the index of a group is too deep") }
    try cursor.skip(2)
    guard let root = try cursor.address() else { return }
    try addNode(at: root, records: try cursor.number(2), depth: depth, heap)
  }

  private mutating func addNode(
    at address: Int, records: Int, depth: Int, _ heap: FractalHeap
  ) throws {
    try budget.spend(Index.nodeBytes)
    var cursor = HDF5Cursor(try file.bytes(Index.nodeBytes, at: address)[...])
    try cursor.expect(depth == 0 ? "BTLF" : "BTIN")
    try cursor.skip(2)
    for _ in 0..<records {
      try cursor.skip(4)
      guard try cursor.number(1) == 0 else { throw HDF5Fault("a link of a group is damaged") }
      let offset = try cursor.number(4)
      let length = try cursor.number(2)
      try budget.spend(length)
      let place = try place(offset, in: heap.root, rows: heap.rows)
      try addLink(try file.bytes(length, at: place)[...])
    }
    if depth == 0 { return }
    for _ in 0...records {
      let child = try cursor.place()
      let count = try cursor.number(1)
      if depth > 1 { try cursor.skip(2) }
      try addNode(at: child, records: count, depth: depth - 1, heap)
    }
  }

  private mutating func heap(at address: Int) throws -> FractalHeap {
    try budget.spend(Heap.headerBytes)
    var cursor = HDF5Cursor(try file.bytes(Heap.headerBytes, at: address)[...])
    try cursor.expect("FRHP")
    let isKnown = try cursor.number(1) == 0 && cursor.number(2) == 7 && cursor.number(2) == 0
    try cursor.skip(1 + 4 + 12 * 8)
    guard isKnown, try cursor.number(2) == Heap.width, try cursor.length() == Heap.firstBlock,
      try cursor.length() == 1 << 16, try cursor.number(2) == 32
    else { throw HDF5Fault("the heap of a group is damaged") }
    try cursor.skip(2)
    return FractalHeap(root: try cursor.place(), rows: try cursor.number(2))
  }

  /// Where in the file an offset of the heap is. A row's blocks are as large as all rows above.
  private mutating func place(_ offset: Int, in block: Int, rows: Int) throws -> Int {
    if rows == 0 {
      try check(block, "FHDB")
      return block + offset
    }
    try check(block, "FHIB")
    let firstRow = Heap.width * Heap.firstBlock
    var row = 0
    while offset >= firstRow << row { row += 1 }
    guard row < rows, rows <= 24 else { throw HDF5Fault("a link of a group is damaged") }
    let size = Heap.firstBlock << max(0, row - 1)
    let inRow = offset - (row == 0 ? 0 : firstRow << (row - 1))
    let entry = row * Heap.width + inRow / size
    var cursor = HDF5Cursor(try file.bytes(8, at: block + Heap.blockHead + 8 * entry)[...])
    let child = try cursor.place()
    if row < Heap.directRows { return try place(inRow % size, in: child, rows: 0) }
    let rowsBelow = (size / firstRow).trailingZeroBitCount + 1
    return try place(inRow % size, in: child, rows: rowsBelow)
  }

  private func check(_ block: Int, _ signature: String) throws {
    var cursor = HDF5Cursor(try file.bytes(4, at: block)[...])
    try cursor.expect(signature)
  }
}

/// Groups in the oldest form, as other programs write them: a B-tree of version 1 (III.A.1) leads to
/// nodes of symbols (III.C), whose names lie in a local heap (III.D).
extension HDF5Links {
  private mutating func addSymbols(_ tree: Int, heap: Int) throws {
    try budget.spend(32)
    var cursor = HDF5Cursor(try file.bytes(32, at: heap)[...])
    try cursor.expect("HEAP")
    try cursor.skip(4)
    let count = try cursor.length()
    try cursor.skip(8)
    let start = try cursor.place()
    try budget.spend(count)
    try addTree(tree, level: nil, names: try file.bytes(count, at: start))
  }

  private mutating func addTree(_ address: Int, level expected: Int?, names: [UInt8]) throws {
    try budget.spend(24)
    var head = HDF5Cursor(try file.bytes(24, at: address)[...])
    try head.expect("TREE")
    guard try head.number(1) == 0 else { throw HDF5Fault("the index of a group is damaged") }
    let level = try head.number(1)
    guard level <= 8, level == expected ?? level else {
      throw HDF5Fault("the index of a group is damaged")
    }
    let count = try head.number(2)
    try budget.spend(16 * count)
    var entries = HDF5Cursor(try file.bytes(16 * count, at: address + 24)[...])
    for _ in 0..<count {
      try entries.skip(8)
      let child = try entries.place()
      if level == 0 {
        try addNode(of: names, at: child)
      } else {
        try addTree(child, level: level - 1, names: names)
      }
    }
  }

  private mutating func addNode(of names: [UInt8], at address: Int) throws {
    var head = HDF5Cursor(try file.bytes(8, at: address)[...])
    try head.expect("SNOD")
    try head.skip(2)
    let count = try head.number(2)
    try budget.spend(8 + 40 * count)
    var entries = HDF5Cursor(try file.bytes(40 * count, at: address + 8)[...])
    for _ in 0..<count {
      let offset = try entries.length()
      let place = try entries.address()
      let type = try entries.number(4)
      try entries.skip(20)
      guard offset < names.count else { throw HDF5Fault("a name of a group is damaged") }
      let name = names[offset...].prefix { $0 != 0 }
      guard let place, type != 2 else { throw Self.foreign(name, isExternal: false) }
      try add(name, place)
    }
  }
}
