import Base
import Testing

@Suite struct AlignedTextTests {
  @Test func columnsAreAsWideAsTheirWidestCell() {
    let lines = AlignedText.lines(
      [["stage", "tokens", "why"], ["a", "7", ""], ["long name"]], isRight: { $0 == 1 })
    #expect(lines == ["stage      tokens  why", "a               7", "long name"])
    #expect(AlignedText.lines([]).isEmpty)
    #expect(AlignedText.column(["é", "abc"], isRight: true) == ["  é", "abc"])
    #expect(AlignedText.padded("abc", to: 2) == "abc")
  }
}
