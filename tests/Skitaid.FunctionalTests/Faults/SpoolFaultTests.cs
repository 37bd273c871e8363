using System.Net;
using Skitaid.FunctionalTests.Harness;

namespace Skitaid.FunctionalTests.Faults;

/// <summary>Large request bodies without a length when there is no place on disk to gather them.</summary>
public sealed class SpoolFaultTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private const string App = """
        def app(environ, start_response):
            body = environ["wsgi.input"].read()
            start_response("200 OK", [("Content-Type", "text/plain")])
            return ["{} {}".format(environ.get("CONTENT_LENGTH"), len(body)).encode()]

        """;

    [Fact]
    public async Task Without_TMPDIR_such_a_body_is_refused_with_a_line_in_the_log_and_with_it_all_is_well_again()
    {
        await using var daemon = new TestDaemon();
        var spool = Path.Combine(daemon.Root, "spool");
        var port = daemon.WriteAppConf("upload", App);
        using (var start = TestDaemon.StartWith([("TMPDIR", spool)], "--etc", daemon.EtcPath))
        {
            await start.WaitForExitAsync(Cancellation).WaitAsync(TestDaemon.Deadline, Cancellation);
            Assert.Equal(0, start.ExitCode);
        }

        Assert.Equal((HttpStatusCode.OK, "60000 60000"), await PostAsync(daemon, port, 60_000));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await PostAsync(daemon, port, 5_000_000)).Status);
        await TestDaemon.WaitAsync("the log said why", () => ServerLog(daemon).Contains("cannot be kept", StringComparison.Ordinal));
        var said = Assert.Single(ServerLog(daemon).Split('\n'), line => line.Contains("[error]", StringComparison.Ordinal) || line.Contains("[warning]", StringComparison.Ordinal));
        Assert.EndsWith($"app upload:/: POST /: the request body cannot be kept in {spool}: No such file or directory (errno 2)", said, StringComparison.Ordinal);

        Directory.CreateDirectory(spool);
        Assert.Equal((HttpStatusCode.OK, "5000000 5000000"), await PostAsync(daemon, port, 5_000_000));
        Assert.Empty(Directory.GetFileSystemEntries(spool));
    }

    [Fact]
    public async Task A_body_on_its_way_is_answered_when_its_instance_is_restarted_meanwhile()
    {
        await using var daemon = new TestDaemon();
        var port = daemon.WriteAppConf("upload", App);
        await daemon.StartAsync();
        var before = await daemon.InstancePidAsync("upload");
        using var client = await RawClient.ConnectAsync(port);
        await client.SendAsync($"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{100_000:x}\r\n{new string('x', 100_000)}\r\n");
        await TestDaemon.WaitAsync("a part of it was in a file", () => HasUnnamedFile(before));

        var restarting = daemon.RunAsync("-f", "upload", "restart");
        await daemon.WaitForAnotherProcessAsync("upload", before);
        await client.SendAsync("3\r\nabc\r\n0\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 200 ", await client.ReadUntilAsync("\r\n\r\n100003 100003"), StringComparison.Ordinal);
        Assert.Equal(0, (await restarting).ExitCode);
    }

    /// <summary>Whether a process has a file open that is in no directory, other than the memory files of .NET.</summary>
    private static bool HasUnnamedFile(int pid) =>
        Directory.GetFiles($"/proc/{pid}/fd").Select(link => new FileInfo(link).LinkTarget)
            .Any(target => target is not null && target.EndsWith(" (deleted)", StringComparison.Ordinal) && !target.StartsWith("/memfd:", StringComparison.Ordinal));

    private static string ServerLog(TestDaemon daemon) => File.ReadAllText(Path.Combine(daemon.LogPath, "instances", "upload", "server.log"));

    private static async Task<(HttpStatusCode Status, string Text)> PostAsync(TestDaemon daemon, int port, int size)
    {
        using var body = new ByteArrayContent(new byte[size]);
        using var content = new LengthlessContent(body);
        using var answer = await daemon.Client.PostAsync(TestApps.Url(port), content, Cancellation);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancellation));
    }
}
