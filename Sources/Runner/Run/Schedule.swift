import Foundation

/// Which instances of a plan may begin: those whose inputs and gates are settled, the first of the
/// plan first, as far as the budget goes.
struct Schedule {
  /// What an instance at work takes of the budget.
  struct Load {
    let threads: Int
    /// Whether its threads are then not there for others; those of a quick instance soon are.
    let isLong: Bool
    /// In bytes, as far as it is known.
    let memory: Int
    /// What no other instance of the run may work on meanwhile.
    let claim: String
  }

  /// How soon a key is asked for again that another process holds, in seconds.
  static let heldSeconds = 0.1

  private let plan: Plan
  private let budget: RunBudget
  /// What other processes run, which takes nothing of the budget.
  private let elsewhere: Set<Int>
  /// What other processes were told to run.
  private var awaited: Set<Int> = []
  /// Free memory when nothing was at work, in bytes.
  private let memory: Int?
  /// The instances that wait for each.
  private var dependents: [[Int]]
  /// For how many others each waits.
  private var open: [Int]
  private var isSettled: [Bool]
  private var unsettled: Int
  private var firstUnsettled = 0
  /// What waits for nothing but the budget, ascending.
  private(set) var ready: [Int] = []
  private var running: [Int: Load] = [:]
  /// When to ask again for keys that other processes hold.
  private var held: [Int: ContinuousClock.Instant] = [:]
  /// What there was no memory for beside others.
  private var alone: Set<Int> = []

  init(_ plan: Plan, budget: RunBudget, elsewhere: Set<Int> = []) {
    self.plan = plan
    self.elsewhere = elsewhere
    self.budget = budget
    memory = budget.jobs > 1 && !budget.memory.isEmpty ? budget.freeMemory() : nil
    let count = plan.items.count
    dependents = Array(repeating: [], count: count)
    open = Array(repeating: 0, count: count)
    isSettled = Array(repeating: false, count: count)
    unsettled = count
    for (index, item) in plan.items.enumerated() {
      let earlier = Self.earlier(item.instance)
      open[index] = earlier.count
      for other in earlier { dependents[other].append(index) }
      if earlier.isEmpty { ready.append(index) }
    }
  }

  /// What an instance waits for.
  private static func earlier(_ instance: Instance) -> Set<Int> {
    Set(instance.inputs.map(\.producer) + instance.guards)
  }

  /// Whether every instance has an outcome.
  var isDone: Bool { unsettled == 0 }
  var isWorking: Bool { !running.isEmpty || !awaited.isEmpty }
  /// Whether the number of instances at work allows one more.
  var hasRoom: Bool { running.count < budget.jobs }
  /// Whether another process runs it.
  func isElsewhere(_ index: Int) -> Bool { elsewhere.contains(index) }
  /// Whether there may be more memory for an instance when nothing else is at work.
  func mayWaitForMemory(_ index: Int) -> Bool { budget.jobs > 1 && !alone.contains(index) }

  /// What an instance would take if it began now; nil where it must wait.
  func load(of index: Int) -> Load? {
    let item = plan.items[index]
    let claim = Self.claim(item, plan)
    if isElsewhere(index) { return Load(threads: 0, isLong: false, memory: 0, claim: claim) }
    guard hasRoom, !running.values.contains(where: { $0.claim == claim }) else { return nil }
    let need = budget.memory[item.name] ?? 0
    guard running.isEmpty || fits(index, need) else { return nil }
    let free = budget.threads - running.values.reduce(0) { $0 + ($1.isLong ? $1.threads : 0) }
    if item.instance.isQuick {
      return Load(threads: max(1, free), isLong: false, memory: need, claim: claim)
    }
    guard free > 0 else { return nil }
    let places = budget.jobs - running.count
    let sharers = 1 + others(beside: index, atMost: places - 1)
    return Load(
      threads: (free + sharers - 1) / sharers, isLong: true, memory: need, claim: claim)
  }

  /// Instances of one key make one result, and what is asked for of a training that is done is made
  /// by running it once.
  private static func claim(_ item: PlannedInstance, _ plan: Plan) -> String {
    guard item.instance.keptStep != nil, let training = item.instance.inputs.first,
      let key = plan.items[training.producer].key
    else { return item.key ?? item.name }
    return WorkFolder.nameOfRepetition(key)
  }

  private func fits(_ index: Int, _ need: Int) -> Bool {
    if alone.contains(index) || running.keys.contains(where: alone.contains) { return false }
    guard let memory, need > 0 else { return true }
    // What is at work may not have taken all of its memory yet, and other programs take theirs.
    let taken = running.values.reduce(0) { $0.addingReportingOverflow($1.memory).partialValue }
    return need <= memory - taken && need <= budget.freeMemory() ?? .max
  }

  /// How many instances of hours are still to run that need nothing of this one, and are not at work.
  private func others(beside index: Int, atMost most: Int) -> Int {
    guard most > 0 else { return 0 }
    var count = 0
    var isLater = Array(repeating: false, count: plan.items.count)
    isLater[index] = true
    for other in firstUnsettled..<plan.items.count where !isSettled[other] && other != index {
      let item = plan.items[other]
      if other > index, Self.earlier(item.instance).contains(where: { isLater[$0] }) {
        isLater[other] = true
      } else if item.state == .toRun, !item.instance.isQuick, running[other] == nil,
        !isElsewhere(other)
      {
        count += 1
        if count == most { break }
      }
    }
    return count
  }
}

extension Schedule {
  mutating func begin(_ index: Int, _ load: Load) {
    leave(index)
    if isElsewhere(index) { awaited.insert(index) } else { running[index] = load }
  }

  /// An instance at work has ended.
  mutating func end(_ index: Int) {
    running[index] = nil
    awaited.remove(index)
  }

  /// Lets an instance that was at work begin once more.
  /// - Parameter byItself: whether only when nothing else is at work.
  mutating func putBack(_ index: Int, byItself: Bool = false) {
    end(index)
    if byItself { alone.insert(index) }
    enter(index)
  }

  /// An instance has its outcome, so that others need not wait for it any more.
  mutating func settle(_ index: Int) {
    end(index)
    leave(index)
    isSettled[index] = true
    unsettled -= 1
    while firstUnsettled < isSettled.count, isSettled[firstUnsettled] { firstUnsettled += 1 }
    for other in dependents[index] {
      open[other] -= 1
      if open[other] == 0 { enter(other) }
    }
  }

  private mutating func enter(_ index: Int) {
    let place = ready.firstIndex { $0 > index } ?? ready.count
    ready.insert(index, at: place)
  }

  private mutating func leave(_ index: Int) {
    held[index] = nil
    if let place = ready.firstIndex(of: index) { ready.remove(at: place) }
  }
}

/// Keys that other processes hold.
extension Schedule {
  var hasHeld: Bool { !held.isEmpty }

  /// Passes over an instance for a while.
  mutating func hold(_ index: Int) { held[index] = .now + .seconds(Self.heldSeconds) }

  /// Whether it is too soon to ask for an instance again.
  func isHeld(_ index: Int) -> Bool { held[index].map { $0 > .now } ?? false }

  /// The first instance that was passed over.
  var firstHeld: Int? { held.keys.min() }
}
