import Foundation
import TestSupport
import Testing

/// What the documents say of the project's files and modules is so.
@Suite struct ArchitectureTests {
  private static func text(_ path: String) throws -> String {
    try String(contentsOf: ProjectFolder.root.appending(path: path), encoding: .utf8)
  }

  private static let documents: [String] = {
    let pages =
      (try? FileManager.default.contentsOfDirectory(atPath: ProjectFolder.documents.path)) ?? []
    return ["README.md", "CONTRIBUTING.md"]
      + pages.filter { $0.hasSuffix(".md") }.sorted().map { "docs/\($0)" }
  }()

  @Test(arguments: documents) func everyPathThatADocumentNamesExists(document: String) throws {
    let named = try Self.text(document).matches(
      of: /`((?:Sources|Tests|Benchmarks|scripts|experiments|docs)\/[A-Za-z0-9_+.\/-]*)`/
    ).map { String($0.1) }
    if document == "docs/architecture.md" { #expect(named.count > 25) }
    for path in Set(named).sorted() {
      let file = ProjectFolder.root.appending(path: path)
      #expect(FileManager.default.fileExists(atPath: file.path), "\(document) names \(path)")
    }
  }

  /// The arrows of the diagram are those that the compiler keeps.
  @Test func theDiagramIsThePackage() throws {
    let package = try Self.text("Package.swift")
    let page = try Self.text("docs/architecture.md")
    let modules: Set = [
      "HDF5", "Base", "Model", "Tasks", "Runner", "Reports", "Stages", "warmup", "CKernels",
    ]
    var declared: Set<String> = []
    for target in package.split(separator: /\.(?:executableT|t)arget\(\s*name: "/).dropFirst() {
      guard let name = target.split(separator: "\"").first.map(String.init),
        modules.contains(name),
        let list = target.firstMatch(of: /dependencies: \[(.*?)\],?\s/.dotMatchesNewlines())
      else { continue }
      for used in list.1.matches(of: /"(\w+)"/).map({ String($0.1) }) where modules.contains(used) {
        declared.insert("\(name) --> \(used)")
      }
    }
    let diagram = try #require(page.split(separator: "```mermaid").dropFirst().first)
    let drawn = diagram.split(separator: "```")[0].matches(of: /(\w+) --> (\w+)/).map {
      "\($0.1) --> \($0.2)"
    }
    #expect(declared.count > 15)
    #expect(Set(drawn) == declared)
    #expect(drawn.count == Set(drawn).count)
  }
}
