import Base
import Foundation
import Stages
import TRLAdapter

/// What TRL will be told of trainings, and what they take, as lines for people.
struct PlanTRLText {
  let outlooks: [TRLOutlook]
  /// Whether the site file says how fast a GPU is.
  let knowsRate: Bool

  /// Trainings of which the same is known share their lines.
  var lines: [String] {
    var order: [[String]] = []
    var names: [[String]: [String]] = [:]
    for outlook in outlooks {
      let words = words(for: outlook)
      if names[words] == nil { order.append(words) }
      names[words, default: []].append(outlook.instance)
    }
    guard !order.isEmpty else { return [] }
    return ["by TRL \(TRLAdapter.trl):"]
      + order.flatMap { words -> [String] in
        let owners = names[words] ?? []
        let more = owners.count > 1 ? " and \(owners.count - 1) more" : ""
        return ["  \(owners[0])\(more)"] + words.map { "    " + $0 }
      }
  }

  private func words(for outlook: TRLOutlook) -> [String] {
    let settings = outlook.settings.map { "\($0.ours) is \($0.trl)" }
    let legal = outlook.legalProcesses.map(String.init)
    let several = legal.dropLast().joined(separator: ", ") + " or \(legal.last ?? "")"
    let processes = outlook.processes == 1 ? "1 process" : "\(outlook.processes) processes"
    return [
      settings.joined(separator: ", "),
      "\(processes), \(outlook.perDevice) at a time; a step can be shared by "
        + (legal.count > 1 ? several : legal.joined()) + " (trl.processes)",
      memory(outlook) + "; " + hours(outlook),
    ]
  }

  private func memory(_ outlook: TRLOutlook) -> String {
    guard let bytes = outlook.bytes else { return "memory of a GPU: not known" }
    let size = size(bytes)
    let cache = outlook.samplingBytes.map { ", and up to \(self.size($0)) more while it samples" }
    let share = outlook.samplerShare.map { ", and \(PlanEstimateText.number($0)) of it for vLLM" }
    return
      "memory of a GPU: \(size) of weights, gradients and moments\(cache ?? share ?? ""); activations: not known"
  }

  private func size(_ bytes: Double) -> String {
    (Int64(exactly: bytes.rounded()) ?? .max).formatted(.byteCount(style: .memory))
  }

  private func hours(_ outlook: TRLOutlook) -> String {
    guard let hours = outlook.hours else {
      return "hours of a GPU: not known"
        + (knowsRate ? "" : " (the site file has no 'flops', what a GPU does in a second)")
    }
    return "hours of a GPU: at least \(PlanEstimateText.number(hours)) at the site's rate"
  }
}
