using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Skitai.Configuration.Settings;
using Skitai.Engine.Proxy.Balancing;
using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Tests.Proxy.Balancing;

/// <summary>A cluster with a clock, names and members that the test moves by hand.</summary>
internal sealed class TestCluster : IAsyncDisposable, ILogger
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private TestCluster(ClusterSettings settings, IReadOnlyList<string> drained) =>
        Cluster = new Cluster(settings, Patience, Connect, this, Time, Resolve, new Random(7)) { Drained = drained };

    public FakeTimeProvider Time { get; } = new();

    public Cluster Cluster { get; }

    /// <summary>By <c>address:port</c>; of each the last one made.</summary>
    public Dictionary<string, FakeConnections> Connections { get; } = [];

    /// <summary>What <c>address:port</c> answers from its first request on, when that is not 200.</summary>
    public Dictionary<string, int?> Statuses { get; } = [];

    /// <summary>What names resolve to; a name that is not here does not.</summary>
    public Dictionary<string, string[]> Names { get; } = [];

    /// <summary>When set, it answers instead of <see cref="Names"/>.</summary>
    public Func<string, Task<IPAddress[]>>? Resolver { get; set; }

    public int Resolutions { get; private set; }

    public List<string> Log { get; } = [];

    /// <summary>Members are <c>host:port</c> or <c>host:port weight</c>.</summary>
    public static ClusterSettings Settings(params string[] members) => new()
    {
        Name = "@test",
        Members = [.. members.Select(Parse)],
        SlowStart = TimeSpan.Zero,
    };

    public static async Task<TestCluster> StartAsync(
        ClusterSettings settings, Action<TestCluster>? prepare = null, params string[] drained)
    {
        var test = new TestCluster(settings, drained);
        prepare?.Invoke(test);
        await test.Cluster.StartAsync(TestContext.Current.CancellationToken);
        return test;
    }

    public static Task<TestCluster> StartAsync(params string[] members) => StartAsync(Settings(members));

    /// <summary>Gives a request to a member; it must not have to wait.</summary>
    public MemberChoice Take(bool replayable = true, string? token = null)
    {
        var choice = new MemberChoice { Replayable = replayable, Token = token };
        Again(choice);
        return choice;
    }

    /// <summary>Gives a request to another member; it must not have to wait.</summary>
    public void Again(MemberChoice choice)
    {
        var taken = Cluster.TakeAsync(choice, TestContext.Current.CancellationToken);
        var member = taken.IsCompletedSuccessfully ? taken.Result : throw new InvalidOperationException("it waits");
        Assert.Same(choice.Member, member);
        choice.Sent();
    }

    /// <summary>A request that is answered at once.</summary>
    /// <returns>By whom; null = nobody was to be had.</returns>
    public string? Ask(bool replayable = true, string? token = null, int status = 200)
    {
        var choice = Take(replayable, token);
        var label = choice.Member?.Label;
        choice.Answered(status);
        choice.End();
        return label;
    }

    /// <summary>A request that fails with whoever gets it.</summary>
    public string? Fail(MemberFault fault = MemberFault.CannotConnect)
    {
        var choice = Take();
        var label = choice.Member?.Label;
        choice.Failed(Fault(fault));
        choice.End();
        return label;
    }

    /// <summary>Takes that member down by one failed request; max_fails is 1, and the others are in hand meanwhile.</summary>
    public void TakeDown(string label)
    {
        var member = Member(label);
        var choice = new MemberChoice { Replayable = true, Token = member.Token };
        Again(choice);
        Assert.Same(member, choice.Member);
        choice.Failed(Fault());
        choice.End();
        Assert.Equal("down", Status(label).State);
    }

    /// <summary>Who answers how many of that many requests, one after the other.</summary>
    public Dictionary<string, int> Count(int requests)
    {
        var counts = new Dictionary<string, int>();
        for (var at = 0; at < requests; at++)
        {
            var label = Ask() ?? "nobody";
            counts[label] = counts.GetValueOrDefault(label) + 1;
        }

        return counts;
    }

    public Member Member(string label) => Cluster.GetMembers().Single(member => member.Label == label);

    public MemberStatus Status(string label) => Cluster.GetStatus().Members.First(member => member.Label == label);

    public static MemberException Fault(MemberFault fault = MemberFault.CannotConnect) =>
        new(fault, neverLeft: fault == MemberFault.CannotConnect, $"it failed: {fault}");

    public void Pass(double seconds) => Time.Advance(TimeSpan.FromSeconds(seconds));

    public ValueTask DisposeAsync() => Cluster.DisposeAsync();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (Log)
        {
            Log.Add($"{logLevel}: {formatter(state, exception)}");
        }
    }

    private static ClusterMember Parse(string text)
    {
        var parts = text.Split(' ');
        var colon = parts[0].LastIndexOf(':');
        return new ClusterMember(parts[0][..colon].Trim('[', ']'), int.Parse(parts[0][(colon + 1)..]), parts.Length > 1 ? int.Parse(parts[1]) : 1);
    }

    private FakeConnections Connect(ClusterSettings settings, ClusterMember member, IPEndPoint address)
    {
        var connections = new FakeConnections();
        connections.Status = Statuses.GetValueOrDefault(address.ToString(), 200);
        Connections[address.ToString()] = connections;
        return connections;
    }

    private Task<IPAddress[]> Resolve(string name, CancellationToken cancellation)
    {
        Resolutions++;
        return Resolver is not null ? Resolver(name)
            : Names.TryGetValue(name, out var addresses) ? Task.FromResult(Array.ConvertAll(addresses, IPAddress.Parse))
            : Task.FromException<IPAddress[]>(new SocketException((int)SocketError.HostNotFound));
    }
}
