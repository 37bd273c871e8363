using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Skitai.Configuration.Settings;
using Skitai.Engine.Tests.Proxy.Upstream;
using static Skitai.Engine.Tests.Proxy.Forwarding.ProxySite;

namespace Skitai.Engine.Tests.Proxy.Forwarding;

/// <summary>Requests whose bodies take their time: those that talk, and those that only dawdle.</summary>
public sealed class DialogueTests
{
    private static readonly TuneSettings s_impatient = new() { ResponseTimeout = TimeSpan.FromMilliseconds(300) };

    [Theory]
    [InlineData(HttpProtocols.Http1)]
    [InlineData(HttpProtocols.Http2)]
    public async Task Both_sides_may_be_silent_once_the_answer_has_begun_whatever_they_speak(HttpProtocols spoken)
    {
        await using var member = await KestrelMember.StartAsync(EchoAsync, spoken);
        await using var site = await StartAsync([member.Address], cluster => Speaking(cluster, spoken) with { IdleTimeout = TimeSpan.FromMilliseconds(300) }, s_impatient);
        using var says = new PushedContent();
        using var client = site.Http(http2: true);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/") { Content = says };
        using var answer = await client.SendAsync(WithVersion(request, client), HttpCompletionOption.ResponseHeadersRead, Cancellation);
        await using var hears = await answer.Content.ReadAsStreamAsync(Cancellation);
        var heard = new byte[1];
        for (var turn = 0; turn < 3; turn++)
        {
            says.Push("x");
            Assert.Equal(1, await hears.ReadAsync(heard, Cancellation));
            await Task.Delay(700, Cancellation); // beyond response_timeout and idle_timeout
        }

        says.End();
        Assert.Equal(0, await hears.ReadAsync(heard, Cancellation));
        await site.UntilQuietAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_upload_slower_than_any_line_ends_alone(bool http2)
    {
        await using var member = await KestrelMember.StartAsync(
            async context =>
            {
                await context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted);
                await context.Response.WriteAsync("all of it");
            },
            HttpProtocols.Http1);
        await using var site = await StartAsync([member.Address], cluster => Speaking(cluster, HttpProtocols.Http1), s_impatient);
        using var client = site.Http(http2);
        using var upload = new PushedContent();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/slow") { Content = upload };
        var slow = client.SendAsync(WithVersion(request, client), Cancellation);
        while (!slow.IsCompleted)
        {
            upload.Push("x"); // never silent for long
            await Task.WhenAny(slow, Task.Delay(20, Cancellation));
        }

        try
        {
            Assert.Equal(HttpStatusCode.RequestTimeout, (await slow).StatusCode);
        }
        catch (HttpRequestException)
        {
            // Or the client hears of it while it still writes.
        }

        Assert.Equal("all of it", await (await client.PostAsync("/", new StringContent("quick"), Cancellation)).Content.ReadAsStringAsync(Cancellation));
        if (http2)
        {
            Assert.Equal(1, site.Instance.GetStatus().ConnectionsTotal); // what else goes on there is not to blame
        }

        await site.UntilQuietAsync();
    }

    [Fact]
    public async Task Answers_that_come_before_their_requests_end_do_not_use_the_connection_up()
    {
        await using var member = await KestrelMember.StartAsync(
            context =>
            {
                context.Response.StatusCode = 403;
                return Task.CompletedTask;
            },
            HttpProtocols.Http1);
        await using var site = await StartAsync([member.Address], cluster => Speaking(cluster, HttpProtocols.Http1));
        using var client = site.Http(http2: true);
        for (var time = 0; time < 400; time++)
        {
            using var upload = new PushedContent();
            using var request = new HttpRequestMessage(HttpMethod.Post, "/") { Content = upload };
            upload.Push("x");
            using var answer = await client.SendAsync(WithVersion(request, client), HttpCompletionOption.ResponseHeadersRead, Cancellation);
            Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
            upload.End();
        }

        Assert.Equal(1, site.Instance.GetStatus().ConnectionsTotal);
        await site.UntilQuietAsync();
    }

    private static ClusterSettings Speaking(ClusterSettings cluster, HttpProtocols spoken) =>
        cluster with { Protocol = spoken == HttpProtocols.Http2 ? MemberProtocol.Http2 : MemberProtocol.Http1 };

    private static HttpRequestMessage WithVersion(HttpRequestMessage request, HttpClient client)
    {
        request.Version = client.DefaultRequestVersion;
        request.VersionPolicy = client.DefaultVersionPolicy;
        return request;
    }

    private static async Task EchoAsync(HttpContext context)
    {
        context.Features.Get<IHttpMinRequestBodyDataRateFeature>()!.MinDataRate = null;
        context.Features.GetRequiredFeature<IHttpResponseBodyFeature>().DisableBuffering();
        await context.Response.Body.FlushAsync(context.RequestAborted);
        var piece = new byte[100];
        while (await context.Request.Body.ReadAsync(piece, context.RequestAborted) is > 0 and var count)
        {
            await context.Response.Body.WriteAsync(piece.AsMemory(0, count), context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
        }
    }
}
