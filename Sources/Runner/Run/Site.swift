import Base
import Foundation

/// What is particular to a machine or cluster, and stands in a file of the user's, so that recipes can be
/// shared: where Python is, what is put in front of commands, the commands that start servers, and what
/// its batch system wants of jobs.
///
/// A recipe names a server; it never holds a command.
package struct Site: ParameterSet {
  /// The Python that servers and TRL run in, as `{python}` in commands.
  package var python = "python3"
  /// What is put in front of the commands of servers and of TRL, such as those of a container.
  package var prefix: [String] = []
  /// Commands by the names that recipes use.
  package var servers: [String: [String]] = [:]
  /// Operations that a GPU does in a second of training, as somebody measured it; nil where nobody says.
  package var flops: Double?
  /// What Slurm wants of jobs.
  package var slurm = SlurmSettings()

  /// What is there where nobody says anything.
  package init() {}

  package static var fields: [Field<Site>] {
    [
      Field("python", \.python, "the Python that servers and TRL run in"),
      Field("prefix", \.prefix, "words in front of the commands of servers, such as a container's"),
      Field("servers", \.servers, "commands that start servers, a list of words by name"),
      Field(
        "flops", \.flops, range: 1e6...1e18,
        "operations that a GPU does in a second of training, for the hours that 'plan' tells"),
      Field("slurm", \.slurm, "what Slurm wants of jobs"),
    ]
  }

  /// The file that is read where nobody names one: `warmup/site.yaml` among the user's settings.
  package static func usualFile(
    _ environment: [String: String] = ProcessInfo.processInfo.environment
  ) -> URL? {
    UserFolder.settings.url(environment)?.appending(path: "site.yaml")
  }

  /// Reads a site file.
  /// - Throws: `RecipeError` with all that is wrong.
  package static func read(_ file: URL) throws(RecipeError) -> Site {
    var sources = RecipeSources(file: file.relativePath)
    var sink = DiagnosticSink()
    do {
      let text = try RecipeText.read(file)
      sources.add(text, of: nil)
      if let tree = YAMLLoader.load(text, into: &sink), let site = decode(tree, into: &sink),
        sink.diagnostics.isEmpty
      {
        return site
      }
    } catch {
      sink.report(SourcePosition(line: 1, column: 1), error.description)
    }
    throw RecipeError(sink.diagnostics, sources: sources)
  }
}
