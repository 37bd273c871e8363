using System.ComponentModel;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Skitai.Posix.Tests;

public sealed class ChildProcessTests
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("exit 0", 0, 0)]
    [InlineData("exit 3", 3, 0)]
    [InlineData("kill -9 $$", -1, 9)]
    public async Task Its_end_is_reported_as_it_was(string script, int code, int signal) =>
        Assert.Equal(new ChildExit(code, signal), await Shell(script).Exited.WaitAsync(s_deadline, Cancellation));

    [Fact]
    public async Task It_has_the_descriptors_it_was_given_and_no_others()
    {
        var (ours, theirs) = Pairs.CreatePipe();
        var (unused1, unused2) = Pairs.CreatePipe();
        using (unused1)
        using (unused2)
        using (var nothing = Null())
        {
            var child = Shell("ls /proc/self/fd | tr '\\n' ' '; echo", (nothing, 0), (theirs, 1), (nothing, 2), (theirs, 7));
            theirs.Dispose();
            Assert.Equal(0, (await child.Exited.WaitAsync(s_deadline, Cancellation)).Code);
        }

        // 3 is ls's own, of the directory that it reads. What whoever runs the tests left open to us is open to the child.
        var expected = InheritedHere().Concat(["0", "1", "2", "3", "7"]).Order(StringComparer.Ordinal).Distinct();
        Assert.Equal(expected, (await ReadAsync(ours)).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task It_leads_its_process_group_and_with_NewSession_its_session()
    {
        Assert.Matches("^group own, session other", await PrintAsync(newSession: false));
        Assert.Matches("^group own, session own", await PrintAsync(newSession: true));

        static async Task<string> PrintAsync(bool newSession)
        {
            var (ours, theirs) = Pairs.CreatePipe();
            using var nothing = Null();
            const string script = """
                set -- $(cut -d')' -f2 /proc/$$/stat)
                [ "$3" = $$ ] && group=own || group=other
                [ "$4" = $$ ] && session=own || session=other
                echo "group $group, session $session"
                """;
            var child = ChildProcess.Start(new ChildStart
            {
                File = "/bin/sh",
                Arguments = ["sh", "-c", script],
                NewSession = newSession,
                Descriptors = [(nothing, 0), (theirs, 1)],
            });
            theirs.Dispose();
            await child.Exited.WaitAsync(s_deadline, Cancellation);
            return await ReadAsync(ours);
        }
    }

    [Fact]
    public async Task A_signal_after_its_end_reaches_nobody()
    {
        var child = Shell("exit 0");
        await child.Exited.WaitAsync(s_deadline, Cancellation);

        Assert.False(child.Signal(Signals.Term));
        Assert.False(child.SignalGroup(Signals.Kill));
    }

    [Fact]
    public async Task Killing_its_group_kills_its_own_children()
    {
        var (ours, theirs) = Pairs.CreatePipe();
        using var nothing = Null();
        var child = Shell("sleep 60 & sleep 60", (nothing, 0), (theirs, 1));
        theirs.Dispose();

        child.SignalGroup(Signals.Kill);

        Assert.Equal(new ChildExit(-1, 9), await child.Exited.WaitAsync(s_deadline, Cancellation));
        Assert.Equal("", await ReadAsync(ours)); // the pipe ends once nobody of them holds it
    }

    [Fact]
    public void A_program_that_is_not_there_is_told()
    {
        var failure = Assert.Throws<Win32Exception>(() => ChildProcess.Start(new ChildStart { File = "/no/such/program", Arguments = ["x"] }));

        Assert.Contains("cannot start '/no/such/program'", failure.Message, StringComparison.Ordinal);
    }

    private static IEnumerable<string> InheritedHere()
    {
        const int closeOnExec = 0x80000;
        return Directory.EnumerateFiles("/proc/self/fdinfo")
            .Where(path => File.Exists(path) && (Convert.ToInt32(File.ReadLines(path).ElementAt(1)["flags:".Length..].Trim(), 8) & closeOnExec) == 0)
            .Select(path => Path.GetFileName(path));
    }

    private static ChildProcess Shell(string script, params (System.Runtime.InteropServices.SafeHandle, int)[] descriptors) =>
        ChildProcess.Start(new ChildStart { File = "/bin/sh", Arguments = ["sh", "-c", script], Descriptors = descriptors });

    private static SafeFileHandle Null() => File.OpenHandle("/dev/null", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);

    private static async Task<string> ReadAsync(SafeFileHandle pipe)
    {
        using var stream = new FileStream(pipe, FileAccess.Read, bufferSize: 0);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return await reader.ReadToEndAsync(Cancellation).WaitAsync(s_deadline, Cancellation);
    }
}
