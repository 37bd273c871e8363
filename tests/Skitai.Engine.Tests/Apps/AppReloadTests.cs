namespace Skitai.Engine.Tests.Apps;

/// <summary>New code: by command and by use_reloader.</summary>
public sealed class AppReloadTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_reload_takes_new_code_up_and_keeps_the_old_when_the_new_is_broken()
    {
        using var directory = new TemporaryDirectory();
        directory.Write("site1.py", AppServer.SourceOfApp("one"));
        await using var server = await AppServer.StartAsync("site1", directory.Path);
        Assert.Equal("one", await server.GetAsync("/"));
        directory.Write("site1.py", "def app(:\n");
        Assert.Contains("SyntaxError", await server.Pool.ReloadAsync(Cancellation), StringComparison.Ordinal);
        Assert.Equal("one", await server.GetAsync("/"));
        directory.Write("site1.py", AppServer.SourceOfApp("two!"));
        Assert.Null(await server.Pool.ReloadAsync(Cancellation));
        Assert.Equal("two!", await server.GetAsync("/"));
    }

    [Fact]
    public async Task An_app_with_use_reloader_is_reloaded_when_a_source_file_changes()
    {
        using var directory = new TemporaryDirectory();
        const string Class = "class A:\n    use_reloader = True\n    def __call__(self, e, s):\n        s('200 OK', [])\n        return [b'%s']\napp = A()\n";
        directory.Write("site2.py", Class.Replace("%s", "one", StringComparison.Ordinal));
        await using var server = await AppServer.StartAsync("site2", directory.Path);
        Assert.Equal("one", await server.GetAsync("/"));
        directory.Write("site2.py", Class.Replace("%s", "three", StringComparison.Ordinal));
        var deadline = DateTime.UtcNow + AppServer.Patience;
        while (await server.GetAsync("/") != "three")
        {
            Assert.True(DateTime.UtcNow < deadline);
            await Task.Delay(50, Cancellation);
        }
    }

    [Fact]
    public async Task A_reload_runs_two_workers_in_one_place_at_a_time_only()
    {
        using var directory = new TemporaryDirectory();
        directory.Write("counted.py", AppServer.SourceOfApp("x"));
        await using var server = await AppServer.StartAsync("counted", directory.Path, processes: 3);
        var first = server.Pool.Status().Workers.Select(worker => worker.Pid).ToArray();
        var most = 0;
        var reload = Task.WhenAll(server.Pool.ReloadAsync(Cancellation), server.Pool.ReloadAsync(Cancellation));
        while (!reload.IsCompleted)
        {
            most = Math.Max(most, LiveWorkers());
            await Task.Delay(5, Cancellation);
        }

        await AppServer.UntilAsync(() => server.Pool.Status().Workers.Count == 3 && LiveWorkers() == 3, "the old ones are gone");
        Assert.DoesNotContain(server.Pool.Status().Workers, worker => first.Contains(worker.Pid));
        Assert.Equal(4, most);

        int LiveWorkers() => Children.CountIn(directory.Path);
    }
}
