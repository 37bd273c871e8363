using System.Net;
using Skitai.Configuration.Settings;
using Skitai.Engine.Hosting;

namespace Skitai.Engine.Tests.Hosting;

public sealed class TrustedProxiesTests
{
    private readonly TrustedProxies _proxies = new([System.Net.IPNetwork.Parse("10.0.0.0/8"), System.Net.IPNetwork.Parse("fd00::/8")]);

    [Theory]
    [InlineData("1.2.3.4", "1.2.3.4")]
    [InlineData("6.6.6.6, 1.2.3.4, 10.0.0.1", "1.2.3.4")]
    [InlineData("1.2.3.4:99,10.0.0.1", "1.2.3.4")]
    [InlineData("[2001:db8::1]:99, fd00::1", "2001:db8::1")]
    [InlineData("::ffff:1.2.3.4", "1.2.3.4")]
    [InlineData("10.0.0.2, 10.0.0.1", "10.0.0.2")]
    [InlineData("nonsense, 10.0.0.1", "10.0.0.1")]
    [InlineData("1.2.3.4, nonsense", null)]
    [InlineData("", null)]
    public void The_rightmost_address_that_is_no_proxys_is_the_client(string list, string? client) =>
        Assert.Equal(client, _proxies.ClientOf(list)?.ToString());

    [Fact]
    public void A_mapped_address_counts_as_the_ipv4_one() => Assert.True(_proxies.Contains(IPAddress.Parse("::ffff:10.1.2.3")));

    [Theory]
    [InlineData("127.0.0.0/8", "https 1.2.3.4:0 shop.example:443")]
    [InlineData("10.0.0.0/8", "http 127.0.0.1:n a:80")]
    public async Task Only_a_trusted_peer_is_believed(string network, string seen)
    {
        var server = new ServerSettings { TrustedProxies = [System.Net.IPNetwork.Parse(network)] };
        await using var instance = await TestInstances.StartAsync(
            new TextMount("/", exchange => TextMount.WriteAsync(
                exchange,
                $"{exchange.Scheme} {exchange.RemoteAddress}:{(exchange.RemotePort == 0 ? "0" : "n")} {exchange.Host}:{exchange.HostPort}")),
            server: server);
        using var client = await RawClient.ConnectAsync(instance.Address);
        await client.SendAsync(
            "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 9.9.9.9, 1.2.3.4\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: shop.example\r\n\r\n");
        Assert.Equal(seen, (await client.ReadAsync())!.Body);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.Equal("http 127.0.0.1:n a:80", (await client.ReadAsync())!.Body);
    }
}
