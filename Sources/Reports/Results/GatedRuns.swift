import Base
import OrderedCollections
import Runner

/// What gates say of the runs that tables, figures and claims show.
extension Findings {
  /// The runs at a point that are to be shown: those that no gate stopped.
  func runs(of instances: [PlannedInstance], at point: AxisPoint) -> [PlannedInstance] {
    instances.filter { point.includes($0.point) && $0.state != .stopped }
  }

  /// The gates that an instance's point did not pass, whether they stopped it or not.
  func failedGates(at instance: PlannedInstance) -> [PlannedInstance] {
    failedGates.filter { instance.point.lies(on: $0.point) }
  }

  /// Whether the point of an instance passed all gates, as far as they are known.
  func passes(_ instance: PlannedInstance) -> Bool {
    instance.state != .stopped && failedGates(at: instance).isEmpty
  }

  /// Sentences on what is shown of some instances: what gates stopped, and what is shown although
  /// it did not pass one.
  func gateNotes(among instances: [PlannedInstance]) -> [String] {
    if failedGates.isEmpty { return [] }
    var absent: OrderedDictionary<String, OrderedSet<String>> = [:]
    var marked: OrderedDictionary<String, OrderedSet<String>> = [:]
    for instance in instances {
      if instance.state == .stopped {
        for gate in stoppers(of: instance) {
          let isThere = !gate.point.isEmpty && instance.point.lies(on: gate.point)
          let place = isThere ? gate.point.coordinates : instance.name
          absent[gate.stageName, default: []].append(place)
        }
      } else {
        for gate in failedGates(at: instance) {
          let place = gate.point.isEmpty ? "all" : gate.point.coordinates
          marked[gate.stageName, default: []].append("\(place) (\(gate.outcome?.words ?? ""))")
        }
      }
    }
    return absent.map { gate, places in
      "Without \(GatedPlaces.text(places.elements)), stopped by the gate \(gate)."
    }
      + marked.map { gate, places in
        "Includes what did not pass the gate \(gate): \(GatedPlaces.text(places.elements))."
      }
  }

  /// The gates that stopped an instance, or what it is made from.
  private func stoppers(of instance: PlannedInstance) -> [PlannedInstance] {
    let own = instance.instance.guards.map { instances[$0] }.filter { $0.outcome?.stops == true }
    if !own.isEmpty { return own }
    let inputs = instance.instance.inputs.map { instances[$0.producer] }
    return inputs.first { $0.state == .stopped }.map(stoppers) ?? []
  }
}

/// Places such as `seed=1` for a sentence.
enum GatedPlaces {
  /// How many a sentence names.
  private static let listed = 6

  static func text(_ places: [String]) -> String {
    let rest = places.count - listed
    let names = places.prefix(listed).joined(separator: "; ")
    return names + (rest > 0 ? " and \(rest) more" : "")
  }
}
