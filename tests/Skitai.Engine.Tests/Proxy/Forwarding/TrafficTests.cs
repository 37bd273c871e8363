using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Skitai.Configuration.Settings;
using Skitai.Engine.Tests.Proxy.Upstream;
using static Skitai.Engine.Tests.Proxy.Forwarding.ProxySite;

namespace Skitai.Engine.Tests.Proxy.Forwarding;

/// <summary>Traffic that goes on while things change, and large bodies with small memory.</summary>
public sealed class TrafficTests
{
    private static RequestDelegate Named(string name) => async context =>
    {
        await context.Request.Body.CopyToAsync(Stream.Null, Cancellation);
        await Task.Yield();
        await context.Response.WriteAsync(name, Cancellation);
    };

    [Fact]
    public async Task Members_come_go_and_are_drained_under_traffic_without_a_failed_request()
    {
        await using var one = await KestrelMember.StartAsync(Named("one"), HttpProtocols.Http1);
        await using var two = await KestrelMember.StartAsync(Named("two"), HttpProtocols.Http1);
        await using var three = await KestrelMember.StartAsync(Named("three"), HttpProtocols.Http1);
        await using var site = await StartAsync([one.Address, two.Address]);
        using var over = new CancellationTokenSource();
        var count = 0;
        var clients = Enumerable.Range(0, 8).Select(async number =>
        {
            var http = site.Http(http2: number % 2 == 0);
            while (!over.IsCancellationRequested)
            {
                using var content = new StringContent("hello");
                using var answer = number < 4 ? await http.GetAsync(new Uri("/", UriKind.Relative), Cancellation) : await http.PostAsync(new Uri("/", UriKind.Relative), content, Cancellation);
                Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
                Assert.Contains(await answer.Content.ReadAsStringAsync(Cancellation), new[] { "one", "two", "three" });
                Interlocked.Increment(ref count);
            }
        }).ToArray();

        async Task TrafficAsync()
        {
            var goal = Volatile.Read(ref count) + 100;
            var patience = Stopwatch.StartNew();
            while (Volatile.Read(ref count) < goal && patience.Elapsed < ScriptedMember.Patience && !clients.Any(client => client.IsFaulted))
            {
                await Task.Delay(5, Cancellation);
            }
        }

        InstanceSettings With(params KestrelMember[] members) => site.Settings with
        {
            Clusters = [site.Settings.Clusters[0] with { Members = [.. members.Select(member => new ClusterMember("127.0.0.1", member.Address.Port))] }],
        };

        Task ReloadAsync(InstanceSettings settings) => site.Instance.ReloadAsync(LiveSettings.Of(settings), force: false, Cancellation);
        await TrafficAsync();
        for (var round = 0; round < 3; round++)
        {
            await ReloadAsync(With(two, three));
            await TrafficAsync();
            await ReloadAsync(With(one));
            await TrafficAsync();
            var all = With(one, two, three);
            await ReloadAsync(all with { Clusters = [all.Clusters[0] with { IdleTimeout = TimeSpan.FromSeconds(20 + round) }] });
            await TrafficAsync();
            foreach (var drained in new[] { true, false })
            {
                Assert.Null(site.Instance.OrderMember(new DrainedMember("@m", $"127.0.0.1:{two.Address.Port}"), drained));
                await TrafficAsync();
            }
        }

        await over.CancelAsync();
        await Task.WhenAll(clients);
        await site.UntilQuietAsync();
        Assert.DoesNotContain(site.ReadLog("server.log"), line => line.Contains("gets 5", StringComparison.Ordinal) || line.Contains("cut off", StringComparison.Ordinal));
        Assert.Equal(3, site.Cluster.Members.Count);
    }

    /// <summary>A fast member must not fill our memory when the client is slow: it is held back by TCP.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_slow_client_holds_the_member_back(bool http2)
    {
        long sent = 0;
        await using var member = await KestrelMember.StartAsync(
            async context =>
            {
                context.Features.Get<IHttpMinResponseDataRateFeature>()!.MinDataRate = null;
                var piece = new byte[64 * 1024];
                for (var number = 0; number < 4000; number++)
                {
                    await context.Response.Body.WriteAsync(piece, context.RequestAborted);
                    Interlocked.Add(ref sent, piece.Length);
                }
            },
            HttpProtocols.Http1);
        await using var site = await StartAsync([member.Address]);
        using var answer = await site.Http(http2).GetAsync(new Uri("/", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, Cancellation);
        await using var body = await answer.Content.ReadAsStreamAsync(Cancellation);
        Assert.Equal(1, await body.ReadAsync(new byte[1], Cancellation));
        var stable = await SettleAsync(() => Interlocked.Read(ref sent));
        Assert.InRange(stable, 1, 40_000_000); // kernels' buffers, not the 256 MB
    }

    [Theory]
    [InlineData(false, 20_000_000)]
    [InlineData(true, 20_000_000)]
    public async Task A_slow_member_holds_the_client_back(bool http2, int limit)
    {
        var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var member = await KestrelMember.StartAsync(
            async context =>
            {
                context.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = null;
                context.Features.Get<IHttpMinRequestBodyDataRateFeature>()!.MinDataRate = null;
                await context.Request.Body.ReadExactlyAsync(new byte[1], Cancellation);
                await go.Task;
                var buffer = new byte[65536];
                long total = 1;
                while (await context.Request.Body.ReadAsync(buffer, Cancellation) is > 0 and var count)
                {
                    total += count;
                }

                await context.Response.WriteAsync($"{total}", Cancellation);
            },
            HttpProtocols.Http1);
        await using var site = await StartAsync([member.Address], tune: new TuneSettings { MaxBodySize = 0, ResponseTimeout = TimeSpan.FromSeconds(30) });
        var upload = new CountedContent(64_000_000);
        var asking = site.Http(http2).PostAsync(new Uri("/", UriKind.Relative), upload, Cancellation);
        var stable = await SettleAsync(() => upload.Sent);
        Assert.InRange(stable, 1, limit);
        go.SetResult();
        using var answer = await asking;
        Assert.Equal("64000000", await answer.Content.ReadAsStringAsync(Cancellation));
        await site.UntilQuietAsync();
    }

    /// <summary>Clients that leave at every moment of their request.</summary>
    [Fact]
    public async Task Clients_that_leave_at_any_moment_leave_nothing_behind()
    {
        await using var member = await KestrelMember.StartAsync(
            async context =>
            {
                await context.Request.Body.CopyToAsync(Stream.Null, Cancellation);
                for (var number = 0; number < 5; number++)
                {
                    await context.Response.WriteAsync(new string('x', 3000), Cancellation);
                    await context.Response.Body.FlushAsync(Cancellation);
                    await Task.Delay(1, Cancellation);
                }
            },
            HttpProtocols.Http1);
        await using var site = await StartAsync([member.Address]);
        var request = Encoding.ASCII.GetBytes("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n" + new string('y', 5000));
        var random = new Random(5);
        var cuts = Enumerable.Range(0, 200).Select(_ => (Bytes: random.Next(1, request.Length + 1), Wait: random.Next(8), Reset: random.Next(2) == 0)).ToArray();
        await Parallel.ForEachAsync(cuts, new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = Cancellation }, async (cut, cancellation) =>
        {
            using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await client.ConnectAsync(site.Instance.Address, cancellation);
            await client.SendAsync(request.AsMemory(0, cut.Bytes), cancellation);
            await Task.Delay(cut.Wait, cancellation);
            if (cut.Reset)
            {
                client.LingerState = new LingerOption(enable: true, seconds: 0);
            }
        });
        await site.UntilQuietAsync();
        var state = site.Cluster.Members[0];
        Assert.Equal((0L, "up"), (state.Failures, state.State));
        Assert.InRange(state.Connections, 0, 16);
        Assert.Equal(200, (int)(await site.Http(http2: false).GetAsync(new Uri("/", UriKind.Relative), Cancellation)).StatusCode);
    }

    /// <summary>The figure when it does not move any more.</summary>
    private static async Task<long> SettleAsync(Func<long> figure)
    {
        var patience = Stopwatch.StartNew();
        var last = -1L;
        var since = Stopwatch.StartNew();
        while (patience.Elapsed < ScriptedMember.Patience)
        {
            var now = figure();
            if (now != last)
            {
                (last, since) = (now, Stopwatch.StartNew());
            }
            else if (now > 0 && since.Elapsed > TimeSpan.FromSeconds(1))
            {
                return now;
            }

            await Task.Delay(20, Cancellation);
        }

        return last;
    }

    private sealed class CountedContent(long length) : HttpContent
    {
        private long _sent;

        public long Sent => Interlocked.Read(ref _sent);

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            var piece = new byte[64_000];
            while (Sent < length)
            {
                await stream.WriteAsync(piece, Cancellation);
                Interlocked.Add(ref _sent, piece.Length);
            }
        }

        protected override bool TryComputeLength(out long computed)
        {
            computed = length;
            return true;
        }
    }
}
