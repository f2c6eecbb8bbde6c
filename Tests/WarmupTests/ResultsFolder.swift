import Base
import Foundation
import Runner
import Subprocess

/// A results folder of a test's own, removed with the value.
final class ResultsFolder: Sendable {
  let url: URL
  let recipe: URL

  /// An empty folder for a recipe of `Tests/Fixtures/recipes`.
  convenience init(_ recipe: String) throws { try self.init(for: Fixture.recipe(recipe)) }

  /// An empty folder for a recipe.
  init(for recipe: URL) throws {
    self.recipe = recipe
    url = FileManager.default.temporaryDirectory.appending(path: "warmup-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  /// A copy of another folder.
  init(copying other: ResultsFolder) throws {
    recipe = other.recipe
    url = FileManager.default.temporaryDirectory.appending(path: "warmup-\(UUID().uuidString)")
    try FileManager.default.copyItem(at: other.url, to: url)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  /// Runs a command on the recipe with this folder.
  func run(
    _ command: String, _ more: String...,
    meanwhile: @escaping @Sendable (_ send: (Signal) throws -> Void) async throws -> Void = { _ in }
  ) async throws -> Program.Ending {
    try await Program.run(
      [command, recipe.path] + more + ["--results", url.path], meanwhile: meanwhile)
  }

  func run(_ command: String, arguments: [String]) async throws -> Program.Ending {
    try await Program.run([command, recipe.path] + arguments + ["--results", url.path]) { _ in }
  }

  /// What `plan --json` says, by instance.
  func plan(_ more: String...) async throws -> [String: JSONValue] { try await plan(more) }

  func plan(_ more: [String]) async throws -> [String: JSONValue] {
    let ending = try await Program.run(
      ["plan", recipe.path, "--json", "--results", url.path] + more
    ) { _ in }
    let rows = try JSONValue(parsing: Data(ending.output.utf8)).array ?? []
    return Dictionary(uniqueKeysWithValues: rows.map { ($0["instance"]?.string ?? "", $0) })
  }

  /// The folder of an instance's artifact, done or not.
  func artifact(_ instance: String) async throws -> URL {
    guard let key = try await plan()[instance]?["key"]?.string else {
      throw StageError.failed("the recipe has no instance \(instance)")
    }
    return Cache(folder: cache).artifactFolder(key)
  }

  /// Removes results, so that they run again.
  func forget(_ instances: String...) async throws {
    for instance in instances {
      try FileManager.default.removeItem(at: try await artifact(instance))
    }
  }

  var cache: URL { url.appending(path: "cache") }

  /// The keys of all published artifacts, parts of stages among them.
  var published: [String] { Cache(folder: cache).keys() }
}

extension Cache {
  /// Whether it has a key's artifact with every byte that was published.
  func isWhole(_ key: String) throws -> Bool {
    guard case .present(let artifact) = lookUp(key) else { return false }
    return try artifact.record.files.allSatisfy { name, file in
      try SHA256Digest.hex(ofFile: artifact.folder.appending(path: name)) == file.sha256
    }
  }
}
