import Foundation
import HDF5

/// Brings one instance's result about: finds it in the cache, or runs the stage and publishes.
struct InstanceRunner {
  let cache: Cache
  let environment: StageEnvironment
  let threads: Int
  let interruption: Interruption
  let display: any RunDisplay
  let versions: [String: String]

  /// The result, and whether the stage ran for it.
  typealias Obtained = (artifact: Artifact, seconds: Double?)

  /// Takes the result from the cache, or runs the stage under the key's lock.
  /// - Parameter begin: called before the work begins, if there is any.
  /// - Throws: whatever the stage throws, `StageError`, `CacheError`.
  func obtain(
    _ instance: Instance, _ key: String, _ fields: KeyFields, _ inputs: [String: InputArtifact],
    begin: () -> Void
  ) throws -> Obtained {
    if case .present(let artifact) = cache.lookUp(key) {
      try cache.discardWork(key)
      return (artifact, nil)
    }
    begin()
    let lock = try cache.lock(key, interruption: interruption) {
      display.notice("\(instance.name): waiting, \($0)")
    }
    defer { lock.release() }
    switch cache.lookUp(key) {
    case .present(let artifact): return (artifact, nil)
    case .damaged: try cache.setAside(key)
    case .absent: break
    }
    let artifact = try run(instance, key, fields, inputs)
    return (artifact, artifact.record.seconds)
  }

  private func run(
    _ instance: Instance, _ key: String, _ fields: KeyFields, _ inputs: [String: InputArtifact]
  ) throws -> Artifact {
    let work = cache.workFolder(key)
    let output = try work.prepare()
    defer { try? FileManager.default.removeItem(at: output) }
    let context = try StageContext(
      instance: instance.name, inputs: inputs, outputDirectory: output, workDirectory: work.url,
      environment: environment, threads: threads, interruption: interruption, progress: display,
      parts: PartRunner(
        cache: cache, kind: instance.kind.kind, instance: instance.name,
        interruption: interruption, display: display, versions: versions))
    let resumedFrom = work.newestStep
    // Steps that an attempt without checkpoints logged are about to be logged again.
    if resumedFrom == nil { try context.metrics.truncate(after: 0) }

    let started = Date()
    let clock = ContinuousClock()
    let elapsed = try clock.measure {
      try StageThread.run(instance.name) { try instance.stage.run(context) }
    }
    try Postconditions.check(instance.kind, context)
    try context.metrics.table()?.write(to: output.appending(path: Artifact.metricsName))
    return try cache.publish(key, output: output) { files in
      ArtifactRecord(
        key: key, fields: fields, instance: instance.name, parameters: instance.parameters,
        producers: inputs.mapValues(\.instance), values: context.values, started: started,
        seconds: elapsed / .seconds(1), resumedFrom: resumedFrom, machine: .current(),
        versions: versions.merging(["HDF5": HDF5Library.version]) { $1 }, files: files)
    }
  }
}
