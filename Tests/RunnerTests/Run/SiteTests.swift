import Foundation
import Runner
import TestSupport
import Testing

/// The file with what is particular to a machine.
@Suite struct SiteTests {
  @Test func commandsAreReadByTheirNames() throws {
    let folder = try ScratchFolder()
    let file = try folder.write(
      """
      python: /opt/vllm/bin/python
      prefix: [apptainer, exec, --nv, vllm.sif]
      servers:
        mine: [serve, "{model}", --port, "{port}"]
      """, "site.yaml")
    let site = try Site.read(file)
    #expect(site.python == "/opt/vllm/bin/python")
    #expect(site.prefix == ["apptainer", "exec", "--nv", "vllm.sif"])
    #expect(site.servers == ["mine": ["serve", "{model}", "--port", "{port}"]])
  }

  @Test func whatSlurmWantsIsRead() throws {
    let folder = try ScratchFolder()
    let file = try folder.write(
      """
      slurm:
        partition: gpu
        account: lab
        time: 4 h
        lead: 10 min
        setup: [module load gcc, "source /opt/env"]
        extra: [--constraint=a100]
      """, "site.yaml")
    let slurm = try Site.read(file).slurm
    #expect((slurm.partition, slurm.account, slurm.qos) == ("gpu", "lab", nil))
    #expect((slurm.time?.seconds, slurm.lead?.seconds) == (14_400, 600))
    #expect(slurm.setup == ["module load gcc", "source /opt/env"])
    #expect(slurm.extra == ["--constraint=a100"])
    #expect(Site().slurm == SlurmSettings())
  }

  @Test(arguments: [
    ("slurm: {partitions: a}", "unknown key 'partitions'; did you mean 'partition'?"),
    ("slurm: {lead: 300}", "expected a time with its unit"),
    ("server: {}", "unknown key 'server'; did you mean 'servers'?"),
    ("servers: {mine: {port: 1}}", "expected a string"), ("servers: [a]", "expected a mapping"),
    ("servers: {a: [x], a: [y]}", "a"), ("python: [", ""), ("python: 3", "expected a string"),
  ])
  func mistakesHaveTheirPlace(text: String, words: String) throws {
    let folder = try ScratchFolder()
    let file = try folder.write(text, "site.yaml")
    let error = #expect(throws: RecipeError.self) { try Site.read(file) }
    #expect(error?.description.contains("site.yaml:1:") == true, "\(String(describing: error))")
    #expect(error?.description.contains(words) == true || words.isEmpty)
  }

  @Test func aFileThatIsNotThereIsSaid() throws {
    let error = #expect(throws: RecipeError.self) {
      try Site.read(URL(filePath: "/nowhere/site.yaml"))
    }
    #expect(error?.description.contains("there is no such file") == true)
  }

  @Test func theUsualFileIsInTheUsersSettings() {
    #expect(Site.usualFile(["HOME": "/home/ann"])?.path == "/home/ann/.config/warmup/site.yaml")
    #expect(
      Site.usualFile(["HOME": "/home/ann", "XDG_CONFIG_HOME": "/cfg"])?.path
        == "/cfg/warmup/site.yaml")
    #expect(Site.usualFile([:]) == nil)
  }
}
