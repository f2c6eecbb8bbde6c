import Foundation
import OrderedCollections

/// One metric of one instance over its steps.
package struct MetricCurve: Sendable, Equatable {
  /// Where along the horizontal axis; ascending.
  package let x: [Double]
  /// The metric there; NaN where it was not measured.
  package let y: [Double]

  /// Pairs two columns of equal length. Rows without a place on the horizontal axis are left out.
  package init(x: [Double], y: [Double]) {
    let rows = zip(x, y).filter { $0.0.isFinite }.sorted { $0.0 < $1.0 }
    self.x = rows.map(\.0)
    self.y = rows.map { $0.1.isFinite ? $0.1 : .nan }
  }

  /// Reads two columns of the `metrics.h5` that an instance published; short names such as
  /// `completion_length` stand for what training logs.
  /// - Throws: `ReportError.impossible` where there is no such metric.
  package init(_ metric: String, over x: String, of result: InstanceResult) throws {
    let file = result.folder.appending(path: "metrics.h5")
    guard FileManager.default.fileExists(atPath: file.path) else {
      throw ReportError.impossible("\(result.name) published no metrics to draw '\(metric)' from")
    }
    let table = try RowTable(contentsOf: file)
    func column(_ name: String) throws -> [Double] {
      if table.columns[name] != nil { return try table.numbers(name) }
      guard let meaning = MetricAlias.meanings[name], table.columns[meaning.metric] != nil else {
        let names = Array(table.columns.keys) + MetricAlias.meanings.keys.sorted()
        let hint = suggestion(for: name, among: names)
        throw ReportError.impossible("\(result.name) has no metric '\(name)'\(hint)")
      }
      let logged = try table.numbers(meaning.metric)
      return meaning.isComplement ? logged.map { 1 - $0 } : logged
    }
    self.init(x: try column(x), y: try column(metric))
  }

  /// The curve with each value replaced by the mean of itself and the `window` − 1 before it.
  func smoothed(_ window: Int) -> MetricCurve {
    MetricCurve(x: x, y: Statistics.movingAverage(y, window: window))
  }
}
