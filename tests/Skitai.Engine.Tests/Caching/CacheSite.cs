using System.Net;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Time.Testing;
using Skitai.Configuration.Settings;
using Skitai.Engine.Caching;
using Skitai.Engine.Routing;
using Skitai.Engine.Tests.Apps;
using Skitai.Engine.Tests.Hosting;

namespace Skitai.Engine.Tests.Caching;

/// <summary>An instance whose every request goes to a shared cache in front of a scripted origin, and a client of it.</summary>
internal sealed class CacheSite : IAsyncDisposable
{
    private readonly Instance _instance;
    private readonly StrongBox<int> _inHand;

    private CacheSite(Instance instance, SharedCache cache, ScriptedOrigin origin, StrongBox<int> inHand, FakeTimeProvider time, LineLog log)
    {
        (_instance, Cache, Origin, _inHand, Time, Log) = (instance, cache, origin, inHand, time, log);
        Client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, MaxConnectionsPerServer = 2000, UseProxy = false })
        {
            BaseAddress = new Uri($"http://{instance.Address}"),
            Timeout = TimeSpan.FromSeconds(20),
        };
    }

    public SharedCache Cache { get; }

    public ScriptedOrigin Origin { get; }

    public FakeTimeProvider Time { get; }

    public LineLog Log { get; }

    public HttpClient Client { get; }

    public IPEndPoint Address => _instance.Address;

    /// <summary>Requests that have come to the cache, and to where they wait in it, and are not answered yet.</summary>
    public int InHand => Volatile.Read(ref _inHand.Value);

    public static async Task<CacheSite> StartAsync(long memory = 8 * 1024 * 1024, long disk = 0, string? directory = null)
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 11, 23, 9, 0, 0, TimeSpan.Zero));
        var log = new LineLog();
        var cache = new SharedCache(new CacheSettings { Memory = memory, Disk = disk }, directory, TimeSpan.FromSeconds(10), log, time);
        var origin = new ScriptedOrigin();
        var inHand = new StrongBox<int>();
        var instance = await TestInstances.StartAsync(new TextMount("/", async exchange =>
        {
            try
            {
                var answering = cache.HandleAsync(exchange, origin);
                Interlocked.Increment(ref inHand.Value);
                await answering;
                return MountOutcome.Handled;
            }
            finally
            {
                Interlocked.Decrement(ref inHand.Value);
            }
        }));
        return new CacheSite(instance, cache, origin, inHand, time, log);
    }

    /// <summary>Asks for something.</summary>
    /// <param name="path">The path.</param>
    /// <param name="fields"><c>Name: value | Name: value</c>.</param>
    /// <param name="method">The method.</param>
    public async Task<Reply> SendAsync(string path = "/", string fields = "", string method = "GET")
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        foreach (var line in fields.Split(" | ", StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = line.Split(':', 2);
            Assert.True(request.Headers.TryAddWithoutValidation(parts[0], parts[1].Trim()));
        }

        using var answer = await Client.SendAsync(request, TestContext.Current.CancellationToken);
        var all = answer.Headers.Concat(answer.Content.Headers).ToDictionary(one => one.Key, one => string.Join(", ", one.Value), StringComparer.OrdinalIgnoreCase);
        return new Reply((int)answer.StatusCode, all, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>Lets time pass.</summary>
    public void Wait(double seconds) => Time.Advance(TimeSpan.FromSeconds(seconds));

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _instance.DisposeAsync();
        await Cache.DisposeAsync();
    }

    internal sealed record Reply(int Status, Dictionary<string, string> Headers, string Body)
    {
        public string? this[string name] => Headers.GetValueOrDefault(name);

        public string Cache => this["Cache-Status"] ?? "";

        public bool IsHit => Cache.Contains("; hit", StringComparison.Ordinal);
    }
}
