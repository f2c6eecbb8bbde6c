import Base
import OrderedCollections
import Runner
import Testing

/// Instances by the names that people type.
@Suite struct InstanceNameTests {
  private func found(_ text: String, among points: [AxisPoint]) -> String? {
    InstanceName(text).find(among: points) { (Instance.name("f", at: $0), "f", $0) }
      .map { Instance.name("f", at: $0) }
  }

  @Test func valuesAreComparedExactly() {
    let points: [AxisPoint] = [["a": "x y"], ["a": "xyz"], ["a": "2"]]
    #expect(found("f[a=x y]", among: points) == "f[a=x y]")
    #expect(found(" f[ a = x y ] ", among: points) == "f[a=x y]")
    for text in ["f[a=xy]", "f[a=x  y]", "f[a=xyz", "f[a=2.0]", "f", "f[]", "f[a=]", "g[a=2]"] {
      #expect(found(text, among: points) == nil, "\(text)")
    }
  }

  @Test func numbersAreComparedAsNumbers() {
    let points: [AxisPoint] = [
      ["rate": .number(1e-6)], ["rate": .number(2.5)], ["rate": .integer(9_007_199_254_740_993)],
    ]
    #expect(found("f[rate=1e-6]", among: points) == "f[rate=1e-06]")
    #expect(found("f[rate=0.000001]", among: points) == "f[rate=1e-06]")
    #expect(found("f[rate=2.50]", among: points) == "f[rate=2.5]")
    #expect(found("f[rate=9007199254740992]", among: points) == nil, "as a Double it is the same")
    #expect(found("f[rate=1e-7]", among: points) == nil)
    #expect(found("f[seed=1.0]", among: [["seed": 1]]) == "f[seed=1]")
  }

  @Test func axesMayStandInAnyOrder() {
    let points: [AxisPoint] = [
      ["start": "base", "seed": 1], ["start": "base", "seed": 2], ["start": "a,seed=2", "seed": 1],
    ]
    #expect(found("f[seed=2, start=base]", among: points) == "f[start=base,seed=2]")
    #expect(found("f[seed=1,start=a,seed=2]", among: points) == "f[start=a,seed=2,seed=1]")
    #expect(found("f[seed=1]", among: points) == nil, "an axis is missing")
    #expect(found("f[seed=1,seed=1,start=base]", among: points) == nil)
  }

  /// Read in another order, a name may mean two points: then it means none.
  @Test func whatMayMeanTwoPointsMeansNone() {
    let points: [AxisPoint] = [
      ["a": "1", "b": "2,a=3"], ["a": "3", "b": "2"], ["a": "1,b=2", "b": "3"],
    ]
    #expect(found("f[a=1,b=2,a=3]", among: points) == "f[a=1,b=2,a=3]", "it is written so")
    #expect(found("f[b=2, a=3]", among: points) == "f[a=3,b=2]")
    let twice: [AxisPoint] = [["a": "x"], ["a": "x "]]
    #expect(found("f[a=x ]", among: twice) == "f[a=x ]" && found("f[a=x  ]", among: twice) == nil)
  }

  @Test func equalNamesAreRefused() {
    expect(
      """
      version: 1
      name: x
      axes: {a: ["1", "1,b=2"], b: ["2,b=3", "3"]}
      stages:
        §m: {kind: base, params: {source: "${a}|${b}"}}
      """,
      [
        "two instances of 'm' would both be called 'm[a=1,b=2,b=3]': a=\"1\", b=\"2,b=3\" and "
          + "a=\"1,b=2\", b=\"3\"; write the values so that the names differ"
      ])
  }
}
