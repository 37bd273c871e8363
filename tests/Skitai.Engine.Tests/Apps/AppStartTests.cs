using System.Net;

namespace Skitai.Engine.Tests.Apps;

/// <summary>Apps and interpreters that cannot be started.</summary>
public sealed class AppStartTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_app_that_cannot_be_imported_answers_503_until_its_file_is_mended()
    {
        using var directory = new TemporaryDirectory();
        directory.Write("broken.py", "import nothing_of_this_name\n");
        await using var server = await AppServer.StartAsync("broken", directory.Path, processes: 2);
        using (var answer = await server.Client.GetAsync("/", Cancellation))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
            Assert.DoesNotContain("nothing_of_this_name", await answer.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
        }

        Assert.Contains("ModuleNotFoundError", server.Pool.Status().Problem, StringComparison.Ordinal);
        Assert.Single(server.Output.Lines, line => line.Contains("Traceback", StringComparison.Ordinal));
        directory.Write("broken.py", AppServer.SourceOfApp("mended"));
        await AppServer.UntilAsync(() => server.Pool.Status().Workers.All(worker => worker.State == "ready"), "mended");
        Assert.Equal("mended", await server.GetAsync("/"));
    }

    [Fact]
    public async Task An_interpreter_that_is_not_there_is_reported_and_answers_503()
    {
        await using var server = await AppServer.StartAsync(python: "/no/such/python3");
        using var answer = await server.Client.GetAsync("/", Cancellation);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Contains("cannot start '/no/such/python3'", server.Log.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_place_without_a_worker_shows_no_process()
    {
        await using var server = await AppServer.StartAsync(python: "/no/such/python3");
        var only = Assert.Single(server.Pool.Status().Workers);
        Assert.Null(only.Pid);
        Assert.Contains(only.State, new[] { "failed", "waiting", "starting" });
        Assert.Contains("cannot start", only.LastError, StringComparison.Ordinal);
    }
}
