import Base
import Foundation
import HDF5
import OrderedCollections
import TestSupport
import Testing

@Suite struct RowTableFileTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private func roundTrip(_ table: RowTable) throws -> RowTable {
    let file = folder.file("\(UUID().uuidString).h5")
    try table.write(to: file)
    return try RowTable(contentsOf: file)
  }

  @Test func keepsEveryTypeAndTheOrder() throws {
    let table = try RowTable(
      columns: [
        "z": .strings(["", "π"]), "a": .integers([.min, .max]), "m": .numbers([1e-6, .infinity]),
        "b": .booleans([true, false]), "j": .json([[1, "x", .null], ["k": [true]]]),
        "reward/mean": .numbers([0.5, -1]), "reward/std": .numbers([0, 1]),
      ], attributes: ["task": "kk", "template": "{\"é\": 1}"])
    let read = try roundTrip(table)
    #expect(read == table)
    #expect(Array(read.columns.keys) == ["z", "a", "m", "b", "j", "reward/mean", "reward/std"])
    #expect(read.row(1)["b"] == .boolean(false))
  }

  @Test func keepsMissingNumbersAsNaN() throws {
    let table = RowTable(rows: [["x": 1, "y": 1.5], ["y": 2], ["x": 3, "y": .null]])
    let read = try roundTrip(table)
    #expect(try read.numbers("x")[1].isNaN)
    #expect(read.rows[1] == ["x": .null, "y": 2.0])
    #expect(read.count == 3)
  }

  @Test func keepsEmptyTables() throws {
    let empty = try RowTable(
      columns: [
        "s": .strings([]), "i": .integers([]), "n": .numbers([]), "b": .booleans([]),
        "j": .json([]),
      ])
    #expect(try roundTrip(empty) == empty)
    #expect(try roundTrip(RowTable(rows: [])).count == 0)
    let bare = RowTable(rows: [[:], [:]], attributes: ["a": "b"])
    #expect(try roundTrip(bare) == bare)
    #expect(try roundTrip(bare).count == 2)
  }

  @Test func losesNothingAfterTheCharacterNUL() throws {
    let table = try RowTable(columns: [
      "text": .strings(["a\0b", "\0", "plain \\u0000"]),
      "json": .json(["x\0y", ["k\0": 1]] + [.null]),
    ])
    let read = try roundTrip(table)
    #expect(read == table)
    #expect(try read.strings("text")[0].utf8.count == 3)
  }

  @Test func comparesStringsByTheirBytes() throws {
    let table = try RowTable(columns: ["s": .strings(["e\u{301}", "\u{e9}"])])
    #expect(try roundTrip(table).strings("s").map(\.utf8.count) == [3, 2])
  }

  @Test func keepsIntegersThatNoFloatHolds() throws {
    let table = RowTable(rows: [["x": .integer(.max)], ["x": .null]])
    #expect(try roundTrip(table).rows[0]["x"] == .integer(.max))
  }

  @Test func equalTablesGiveEqualBytes() throws {
    func table() -> RowTable {
      let rows = (0..<100).map {
        ["i": JSONValue.integer($0), "t": .string("row \($0)"), "b": true]
      }
      return RowTable(rows: rows, attributes: ["one": "1", "two": "2", "three": "3"])
    }
    try table().write(to: folder.file("1.h5"))
    try table().write(to: folder.file("2.h5"))
    #expect(try Data(contentsOf: folder.file("1.h5")) == Data(contentsOf: folder.file("2.h5")))
  }

  @Test(arguments: ["", "/x", "x/", "a//b", ".", "a/./b", "n\0l", "z"])
  func refusesNamesThatHDF5CannotKeep(name: String) throws {
    let table = try RowTable(columns: [name: .integers([1]), "z/inner": .integers([2])])
    #expect(throws: RowTableError.self) { try table.write(to: folder.file("names.h5")) }
  }

  @Test func saysWhyAFileIsNoTable() throws {
    let file = folder.file("none.h5")
    #expect {
      _ = try RowTable(contentsOf: file)
    } throws: {
      "\($0)" == "\(file.path) cannot be read as a table: No such file or directory; check the path"
    }
  }

  @Test func readsFilesOfOthers() throws {
    let file = folder.file("other.h5")
    try HDF5File.create(file) {
      try $0.write([1, 2] as [Int32], to: "b")
      try $0.write([1, 2] as [Float], to: "a")
    }
    let table = try RowTable(contentsOf: file)
    #expect(Array(table.columns.keys) == ["a", "b"])
    #expect(try table.integers("b") == [1, 2])
  }
}
