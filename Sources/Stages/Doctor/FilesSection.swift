import Foundation
import Runner

/// The files that recipes name, and the known benchmark files in the folder of data.
struct FilesSection: DoctorSection {
  let title = "files"
  let surroundings: DoctorSurroundings

  func findings() -> [DoctorFinding] {
    var findings: [DoctorFinding] = []
    var seen: Set<NamedFile> = []
    for recipe in surroundings.recipes {
      let environment = StageEnvironment(recipe: recipe, results: surroundings.results)
      do {
        let files = try Recipe.load(recipe, registry: .standard).instances.compactMap(
          NamedFile.init)
        for file in files where seen.insert(file).inserted {
          findings.append(file.finding(in: environment))
        }
      } catch {
        findings.append(
          DoctorFinding(
            recipe.relativePath, .wrong, "a recipe with mistakes",
            advice: "'warmup validate \(recipe.relativePath)' shows them."))
      }
    }
    return findings + unnamed(seen)
  }

  /// Known files that no recipe names, looked for where relative paths of recipes are.
  private func unnamed(_ seen: Set<NamedFile>) -> [DoctorFinding] {
    let nowhere = URL(fileURLWithPath: "recipe.yaml")
    let environment = StageEnvironment(recipe: nowhere, results: surroundings.results)
    return BenchmarkFile.known.filter { known in !seen.contains { $0.source == known.path } }
      .map { NamedFile(source: $0.path, sha256: $0.sha256).finding(in: environment) }
  }
}

/// A file from outside, as a recipe names it.
private struct NamedFile: Hashable {
  let source: String
  let sha256: String?

  init(source: String, sha256: String?) {
    self.source = source
    self.sha256 = sha256
  }

  /// Nil where the instance takes nothing from outside.
  init?(_ instance: Instance) {
    guard let source = instance.parameters["source"]?.string, !source.isEmpty else { return nil }
    self.init(source: source, sha256: instance.parameters["sha256"]?.string?.lowercased())
  }

  func finding(in environment: StageEnvironment) -> DoctorFinding {
    do {
      guard let file = try location(in: environment) else {
        return DoctorFinding(
          source, .missing, "not fetched yet", advice: "A run that needs it fetches it.")
      }
      return try verdict(on: file)
    } catch DataSourceError.notFound(_, let folders) {
      return DoctorFinding(
        source, .missing, "not in \(folders.joined(separator: ", "))",
        advice: BenchmarkFile.at(source)?.advice
          ?? PublishedModel.at(source)?.advice(path: source) ?? "Put it into one of these folders.")
    } catch {
      return DoctorFinding(source, .wrong, "\(error)")
    }
  }

  /// Where the file is; nil where it is yet to be fetched.
  private func location(in environment: StageEnvironment) throws -> URL? {
    let source = try DataSource(parsing: source)
    if case .path(let path) = source { return try DataSource.locate(path, in: environment) }
    let file = source.downloadedFile(in: environment)
    return FileManager.default.fileExists(atPath: file.path) ? file : nil
  }

  private func verdict(on file: URL) throws -> DoctorFinding {
    let found = try ContentDigest.hex(of: file)
    guard let sha256 else {
      return DoctorFinding(source, "present, not pinned; SHA-256 \(found)")
    }
    guard found == sha256 else {
      return DoctorFinding(
        source, .wrong, "changed: SHA-256 \(found), pinned \(sha256)",
        advice: "\(file.path) is not the file that is meant; fetch it again, or change the pin.")
    }
    return DoctorFinding(source, "present, with the SHA-256 that is pinned")
  }
}
