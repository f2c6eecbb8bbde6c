import Foundation
import HDF5
import TestSupport
import Testing

@Suite struct HDF5FileTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  @Test func keepsNumbersOfEveryType() throws {
    let url = folder.file("numbers.h5")
    try HDF5File.create(url) { file in
      try file.write([1.5, -0.0, .infinity] as [Float], to: "/model/a")
      try file.write([1e-300, .pi] as [Double], to: "/model/b")
      try file.write([Int64.min, Int64.max], to: "/c/d/e")
      try file.write([Int.min, 7], to: "/c/int")
      try file.write([Int32.min, 3], to: "/c/f")
      try file.write([0, 255] as [UInt8], to: "/g")
    }
    let file = try HDF5Reader(url)
    #expect(try file.read("/model/a") == [1.5, -0.0, .infinity] as [Float])
    #expect(try file.read("/model/b") == [1e-300, .pi] as [Double])
    #expect(try file.read("/c/d/e") == [Int64.min, Int64.max])
    #expect(try file.read("/c/int") == [Int.min, 7])
    #expect(try file.read("/c/f") == [Int32.min, 3])
    #expect(try file.read("/g") == [0, 255] as [UInt8])
    #expect(try file.members() == ["c", "g", "model"])
    #expect(try file.members(of: "/c") == ["d", "f", "int"])
  }

  @Test func readsBlocks() throws {
    let url = folder.file("blocks.h5")
    try HDF5File.create(url) { file in
      try file.write(Array(0..<24).map(Float.init), to: "/x", shape: [2, 3, 4])
      try file.write([5] as [Double], to: "/scalar", shape: [])
    }
    let file = try HDF5Reader(url)
    #expect(try file.describe("/x") == .init(type: .float32, shape: [2, 3, 4]))
    let block = HDF5Block(start: [1, 1, 2], shape: [1, 2, 2])
    #expect(try file.read("/x", block: block) == [18, 19, 22, 23] as [Float])
    #expect(
      try file.read("/x", block: HDF5Block(start: [2, 0, 0], shape: [0, 3, 4])) == [Float]())
    #expect(try file.read("/scalar") == [5] as [Double])
    #expect(throws: HDF5Error.self) {
      _ = try file.read(
        "/x", as: Float.self, block: HDF5Block(start: [1, 1, 2], shape: [1, 2, 3]))
    }
    #expect(throws: HDF5Error.self) {
      var room = [Float](repeating: 0, count: 23)
      try room.withUnsafeMutableBufferPointer { try file.read("/x", into: $0) }
    }
  }

  @Test func keepsStringsByTheirBytes() throws {
    let url = folder.file("strings.h5")
    let strings = [
      "", "π ≠ 3", "e\u{301}", "\u{e9}", "line\nbreak", String(repeating: "x", count: 9999),
    ]
    try HDF5File.create(url) { file in
      try file.write(strings: strings, to: "/texts/all")
      try file.write(strings: strings, to: "/texts/grid", shape: [2, 3])
      try file.write(strings: [], to: "/texts/none")
    }
    let file = try HDF5Reader(url)
    let read = try file.readStrings("/texts/all")
    #expect(read.map { Array($0.utf8) } == strings.map { Array($0.utf8) })
    #expect(try file.readStrings("/texts/grid") == strings)
    #expect(try file.describe("/texts/grid") == .init(type: .string, shape: [2, 3]))
    #expect(try file.readStrings("/texts/none") == [])
  }

  @Test func keepsEmptyDatasets() throws {
    let url = folder.file("empty.h5")
    try HDF5File.create(url) { try $0.write([Float](), to: "/x", shape: [0, 7]) }
    let file = try HDF5Reader(url)
    #expect(try file.describe("/x").shape == [0, 7])
    #expect(try file.read("/x") == [Float]())
  }

  @Test func keepsAttributes() throws {
    let url = folder.file("attributes.h5")
    let long = String(repeating: "a long chat template ", count: 10_000)
    try HDF5File.create(url) { file in
      try file.write([1] as [Int], to: "/données/x")
      try file.setAttribute("step", .integer(.max))
      try file.setAttribute("rate", .number(1e-6))
      try file.setAttribute("unité", .string("m²"), of: "/données/x")
      try file.setAttribute("template", .string(long), of: "/données")
      try file.setAttribute("empty", .string(""))
    }
    let file = try HDF5Reader(url)
    #expect(try file.attribute("step") == .integer(.max))
    #expect(try file.attribute("rate") == .number(1e-6))
    #expect(try file.attribute("unité", of: "/données/x") == .string("m²"))
    #expect(try file.attribute("template", of: "/données") == .string(long))
    #expect(try file.attribute("empty") == .string(""))
    #expect(try file.attribute("missing") == nil)
    #expect(try file.attributeNames() == ["empty", "rate", "step"])
  }

  @Test func findsWhatIsThere() throws {
    let url = folder.file("paths.h5")
    try HDF5File.create(url) { try $0.createGroup("/a/b") }
    let file = try HDF5Reader(url)
    #expect(try file.exists("/a/b"))
    #expect(try file.exists("/"))
    #expect(try !file.exists("/a/c"))
    #expect(try !file.exists("/x/y/z"))
  }

  @Test func equalContentGivesEqualBytes() throws {
    func write(_ name: String) throws -> Data {
      try HDF5File.create(folder.file(name)) { file in
        try file.createGroup("/training/state")
        try file.write((0..<5000).map(Float.init), to: "/model/a", shape: [50, 100])
        try file.write(strings: ["some", "text"], to: "/model/names")
        try file.setAttribute("step", .integer(3), of: "/training")
        try file.setAttribute("name", .string("a name"))
      }
      return try Data(contentsOf: folder.file(name))
    }
    let first = try write("1.h5")
    Thread.sleep(forTimeInterval: 1.1)
    #expect(try write("2.h5") == first)
  }

  @Test func leavesAUserBlockToOthers() throws {
    let url = folder.file("block.h5")
    try HDF5File.create(url, userBlock: 512) { try $0.write([1, 2], to: "/x") }
    let handle = try FileHandle(forUpdating: url)
    #expect(try handle.read(upToCount: 512) == Data(count: 512))
    try handle.seek(toOffset: 0)
    try handle.write(contentsOf: Data("anything".utf8))
    try handle.close()
    #expect(try HDF5Reader(url).read("/x") == [1, 2])
    #expect(throws: HDF5Error.self) { try HDF5File.create(url, userBlock: 100) }
  }

  @Test func worksFromManyThreads() async throws {
    let url = folder.file("threads.h5")
    try HDF5File.create(url) { try $0.write(Array(0..<1000), to: "/x") }
    let shared = try HDF5Reader(url)
    let folder = folder.url
    try await withThrowingTaskGroup(of: Void.self) { group in
      for index in 0..<20 {
        group.addTask {
          #expect(try shared.read("/x") == Array(0..<1000))
          try HDF5File.create(folder.appending(path: "\(index).h5")) {
            try $0.write([index], to: "/i")
          }
          #expect(throws: HDF5Error.self) { _ = try shared.read("/none", as: Int.self) }
        }
      }
      try await group.waitForAll()
    }
  }
}
