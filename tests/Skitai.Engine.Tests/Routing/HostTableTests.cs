using Skitai.Configuration.Settings;
using Skitai.Engine.Routing;

namespace Skitai.Engine.Tests.Routing;

public sealed class HostTableTests
{
    private readonly HostTable<string> _table = new(
        [
            (new HostPattern(HostPatternKind.SubdomainsOnly, "a.com"), "*.a.com"),
            (new HostPattern(HostPatternKind.DomainAndSubdomains, "b.a.com"), ".b.a.com"),
            (new HostPattern(HostPatternKind.Exact, "www.a.com"), "www.a.com"),
            (new HostPattern(HostPatternKind.Exact, "x.b.a.com"), "x.b.a.com"),
            (new HostPattern(HostPatternKind.DomainAndSubdomains, "a.com"), ".a.com"),
        ],
        "default");

    [Theory]
    [InlineData("www.a.com", "www.a.com")]
    [InlineData("other.a.com", "*.a.com")]
    [InlineData("a.com", ".a.com")]
    [InlineData("b.a.com", ".b.a.com")]
    [InlineData("y.b.a.com", ".b.a.com")]
    [InlineData("x.b.a.com", "x.b.a.com")]
    [InlineData("z.x.b.a.com", ".b.a.com")]
    [InlineData("xa.com", "default")]
    [InlineData(".a.com", "default")]
    [InlineData("com", "default")]
    [InlineData("", "default")]
    public void Exact_wins_over_suffix_and_a_longer_suffix_over_a_shorter_one(string host, string found) =>
        Assert.Equal(found, _table.Find(host));

    [Fact]
    public void Without_a_default_an_unknown_host_gets_nothing() =>
        Assert.Null(new HostTable<string>([(new HostPattern(HostPatternKind.Exact, "a"), "a")], null).Find("b"));

    [Theory]
    [InlineData("A.Com", "a.com", 0)]
    [InlineData("a.com.", "a.com", 0)]
    [InlineData("a.com:8080", "a.com", 8080)]
    [InlineData("a.com:", "a.com", 0)]
    [InlineData("[::1]:81", "[::1]", 81)]
    [InlineData("127.0.0.1", "127.0.0.1", 0)]
    public void A_host_has_one_form(string text, string name, int port)
    {
        Assert.True(HostName.TryParse(text, out var host));
        Assert.Equal((name, port), (host.Name, host.Port));
    }

    [Theory]
    [InlineData("")]
    [InlineData(":80")]
    [InlineData("a:b")]
    [InlineData("a:1:2")]
    [InlineData("[::1")]
    [InlineData("[]")]
    [InlineData("[::1]x")]
    [InlineData("a b")]
    [InlineData("a/b")]
    public void What_is_no_host_is_refused(string text) => Assert.False(HostName.TryParse(text, out _));
}
