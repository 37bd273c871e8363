using System.Net;
using Skitaid.FunctionalTests.Harness;

namespace Skitaid.FunctionalTests.Faults;

/// <summary>Large request bodies without a length when there is no place on disk to gather them.</summary>
public sealed class SpoolFaultTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Without_TMPDIR_such_a_body_is_refused_with_a_line_in_the_log_and_with_it_all_is_well_again()
    {
        await using var daemon = new TestDaemon();
        var spool = Path.Combine(daemon.Root, "spool");
        var port = daemon.WriteAppConf("upload", """
            def app(environ, start_response):
                body = environ["wsgi.input"].read()
                start_response("200 OK", [("Content-Type", "text/plain")])
                return ["{} {}".format(environ.get("CONTENT_LENGTH"), len(body)).encode()]

            """);
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

    private static string ServerLog(TestDaemon daemon) => File.ReadAllText(Path.Combine(daemon.LogPath, "instances", "upload", "server.log"));

    private static async Task<(HttpStatusCode Status, string Text)> PostAsync(TestDaemon daemon, int port, int size)
    {
        using var body = new ByteArrayContent(new byte[size]);
        using var content = new LengthlessContent(body);
        using var answer = await daemon.Client.PostAsync(TestApps.Url(port), content, Cancellation);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancellation));
    }
}
