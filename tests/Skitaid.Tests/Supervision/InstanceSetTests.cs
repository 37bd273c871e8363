using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Skitai.Configuration;
using Skitaid.Supervision;

namespace Skitaid.Tests.Supervision;

/// <summary>What each look at servers-enabled does. Nothing is started here: the instance only has its socket.</summary>
public sealed class InstanceSetTests : IAsyncDisposable
{
    private const string Gone = "servers-enabled: is not there; what runs goes on";

    private readonly string _root = Directory.CreateTempSubdirectory("skitaid-set-").FullName;
    private readonly LogLines _log = new();
    private readonly ConfTree _tree;
    private readonly InstanceSet _set;

    public InstanceSetTests()
    {
        _tree = new ConfTree(Path.Combine(_root, "etc"));
        Directory.CreateDirectory(_tree.EnabledPath);
        File.WriteAllText(Conf, $"[server]\nport = 5000\n[routes:line]\n/ = {_root}\n");
        _set = new InstanceSet(
            _tree, new DaemonPlaces(Path.Combine(_root, "etc"), Path.Combine(_root, "log"), Path.Combine(_root, "var")), _log, new FakeTimeProvider());
        var settings = Assert.Single(_tree.ReadAll().Instances);
        Assert.Empty(_set.BindAll([settings with { Server = settings.Server with { Port = 0 } }])); // whichever is free
        AssertIsKept();
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Conf => Path.Combine(_tree.EnabledPath, "kept.conf");

    private string Aside => Path.Combine(_root, "aside");

    public async ValueTask DisposeAsync()
    {
        await _set.StopAllAsync(TimeSpan.Zero, "the test is over", CancellationToken.None);
        Directory.Delete(_root, recursive: true);
    }

    [Fact]
    public async Task A_directory_that_is_away_ends_nothing_however_often_it_is_looked_for_and_is_told_of_once()
    {
        Directory.Move(_tree.EnabledPath, Aside);
        for (var look = 0; look < 3; look++)
        {
            await _set.FollowAsync(Cancellation);
            AssertIsKept();
        }

        Assert.EndsWith(Gone, Assert.Single(_log.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_directory_that_has_been_back_is_told_of_anew()
    {
        for (var time = 1; time <= 2; time++)
        {
            Directory.Move(_tree.EnabledPath, Aside);
            await _set.FollowAsync(Cancellation);
            Directory.Move(Aside, _tree.EnabledPath);
            await _set.FollowAsync(Cancellation);
            AssertIsKept();
            Assert.Equal(time, _log.Lines.Count);
        }

        Assert.All(_log.Lines, line => Assert.EndsWith(Gone, line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_conf_that_is_gone_is_let_go_at_the_second_look()
    {
        File.Delete(Conf);
        await _set.FollowAsync(Cancellation);
        AssertIsKept();
        Assert.Empty(_log.Lines);

        await _set.FollowAsync(Cancellation);
        Assert.Equal("instance kept: conf is gone: draining it", Assert.Single(_log.Lines));
    }

    private void AssertIsKept() => Assert.Equal("kept", Assert.Single(_set.All).Name);

    private sealed class LogLines : ILogger
    {
        public List<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Add(formatter(state, exception));
    }
}
