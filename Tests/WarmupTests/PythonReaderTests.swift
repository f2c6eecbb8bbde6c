import Foundation
import TestSupport
import Testing

/// The Python that has h5py, if there is one.
private enum PythonWithHDF5 {
  static let path = Task { () -> String? in
    for python in ["python3", "/usr/bin/python3"] where try await has("h5py", python) {
      return python
    }
    return nil
  }

  static func has(_ module: String, _ python: String?) async throws -> Bool {
    guard let python else { return false }
    return try await Program.shell("\(python) -c 'import \(module)' 2>/dev/null").code == 0
  }
}

extension EndToEnd {
  /// `python/warmup_reader.py` and the notebook beside it.
  @Suite(.enabled("no Python here has h5py") { try await PythonWithHDF5.path.value != nil })
  struct PythonReaderTests {
    private static let folder = ProjectFolder.root.appending(path: "python")

    @Test func resultsAndPacksAreRead() async throws {
      let results = try await FinishedRun.tiny.value.results
      let scratch = try ScratchFolder()
      let pack = scratch.url.appending(path: "tiny.warmup.h5.zst")
      #expect(try await results.run("pack", "--small", "-o", pack.path).code == 0)
      let instance = try #require(
        try await results.plan().keys.sorted().first { $0.hasPrefix("scores") })
      let rows = try await results.run("show", instance, "--jsonl")
      let file = try scratch.write(rows.output, "rows.jsonl")
      let ending = try await Program.shell(
        #"cd "$FOLDER" && "$PYTHON" -B -m unittest -q test_warmup_reader"#,
        [
          "FOLDER": Self.folder.path, "PYTHON": try #require(try await PythonWithHDF5.path.value),
          "WARMUP_TEST_RESULTS": results.url.appending(path: "tiny").path,
          "WARMUP_TEST_PACK": pack.path, "WARMUP_TEST_ROWS": file.path,
          "WARMUP_TEST_INSTANCE": instance,
        ])
      #expect(ending.code == 0, "\(ending.messages)")
    }

    /// Its cells run, one after the other, and draw what is written to a file here.
    @Test(
      .enabled("no Python here has h5py and matplotlib") {
        try await PythonWithHDF5.has("matplotlib", try await PythonWithHDF5.path.value)
      })
    func theNotebookDrawsItsFigure() async throws {
      let scratch = try ScratchFolder()
      let script = """
        import json, matplotlib
        matplotlib.use("Agg")
        cells = json.load(open("elicitation.ipynb"))["cells"]
        scope = {}
        for cell in cells:
            if cell["cell_type"] == "code":
                exec("".join(cell["source"]), scope)
        scope["figure"].savefig("\(scratch.url.appending(path: "figure.png").path)")
        """
      let file = try scratch.write(script, "run.py")
      let ending = try await Program.shell(
        #"cd "$FOLDER" && "$PYTHON" -B "$SCRIPT""#,
        [
          "FOLDER": Self.folder.path, "PYTHON": try #require(try await PythonWithHDF5.path.value),
          "SCRIPT": file.path, "PYTHONPATH": Self.folder.path,
        ])
      #expect(ending.code == 0, "\(ending.messages)")
      let figure = try Data(contentsOf: scratch.url.appending(path: "figure.png"))
      #expect(figure.count > 5_000)
    }
  }
}
