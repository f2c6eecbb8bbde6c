/// The two small Python programs between which a judged program runs.
///
/// The worker runs the program that nobody trusts; the tester holds the tests and the secret, and
/// calls the program's function through a pair of pipes. Only plain values cross them, by
/// `marshal`, which copies data and never runs code.
enum PythonHarness {
  /// Messages over descriptors 3 and 4: eight bytes of length, then a marshalled value.
  private static let messages = #"""
    import marshal, os, sys

    def receive_bytes(count):
        pieces = []
        while count:
            piece = os.read(3, min(count, 1 << 20))
            if not piece:
                raise EOFError("the program ended before its tests did")
            pieces.append(piece)
            count -= len(piece)
        return b"".join(pieces)

    def receive():
        return marshal.loads(receive_bytes(int.from_bytes(receive_bytes(8), "little")))

    def send(value):
        data = marshal.dumps(value)
        data = memoryview(len(data).to_bytes(8, "little") + data)
        while data:
            data = data[os.write(4, data):]

    """#

  /// Reads a job on standard input and writes the secret on standard output when the tests passed.
  static let tester =
    messages + #"""
      import builtins, json, signal

      sys.path[:] = [folder for folder in sys.path if folder]
      verdict = os.dup(1)
      os.dup2(os.open("/dev/null", os.O_WRONLY), 1)

      class Raised(Exception):
          pass

      def answer():
          kind, value = receive()
          if kind == "value":
              return value
          known = getattr(builtins, value, None) if isinstance(value, str) else None
          if isinstance(known, type) and issubclass(known, Exception):
              raise known("raised by the program")
          raise Raised(value)

      def candidate(*positional, **named):
          send((positional, named))
          return answer()

      def judge(job):
          send((job["program"], job["entry_point"]))
          answer()
          names = {"__name__": "tests"}
          exec(compile(job["tests"], "tests", "exec"), names)
          names["check"](candidate)

      job = json.loads(sys.stdin.buffer.read())
      try:
          report = "no worker"
          receive()
          report = "failed"
          judge(job)
          report = job["secret"]
      except EOFError as error:
          ended = os.waitstatus_to_exitcode(os.waitpid(-1, 0)[1])
          is_late = ended in (-signal.SIGXCPU, -signal.SIGKILL)
          report += (" timeout " if is_late else " ") + str(error)
      except BaseException as error:
          report += " " + type(error).__name__ + ": " + str(error)[:200]
      os.write(verdict, report.encode("utf-8", "replace"))
      """#

  /// Receives a program, runs it, and answers calls of its function.
  static let worker =
    messages + #"""
      import types

      def plain(value, depth=0):
          """The value made of the interpreter's own types alone."""
          if depth > 200:
              raise ValueError("too deeply nested")
          if value is None or value is Ellipsis or isinstance(value, bool):
              return value
          for kind in (int, float, complex, str, bytes):
              if isinstance(value, kind):
                  return value if type(value) is kind else kind(value)
          for kind in (list, tuple, set, frozenset):
              if isinstance(value, kind):
                  return kind([plain(element, depth + 1) for element in value])
          if isinstance(value, dict):
              return {plain(k, depth + 1): plain(v, depth + 1) for k, v in value.items()}
          if hasattr(value, "tolist"):
              return plain(value.tolist(), depth + 1)
          raise TypeError("a value that tests cannot compare: " + type(value).__name__)

      def serve():
          send(None)
          program, name = receive()
          module = types.ModuleType("program")
          sys.modules["program"] = module
          exec(compile(program, "program", "exec"), module.__dict__)
          function = module.__dict__[name]
          send(("value", None))
          while True:
              positional, named = receive()
              try:
                  reply = ("value", plain(function(*positional, **named)))
              except Exception as error:
                  reply = ("raised", type(error).__name__)
              send(reply)

      try:
          serve()
      except BaseException as error:
          send(("raised", type(error).__name__))
      """#
}
