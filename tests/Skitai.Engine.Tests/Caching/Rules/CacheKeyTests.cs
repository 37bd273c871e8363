using Skitai.Engine.Caching.Rules;

namespace Skitai.Engine.Tests.Caching.Rules;

public sealed class CacheKeyTests
{
    [Theory]
    [InlineData("http://Example.COM", "http://example.com/")]
    [InlineData("HTTP://example.com:80/a?b=C", "http://example.com/a?b=C")]
    [InlineData("https://example.com:443/", "https://example.com/")]
    [InlineData("https://example.com:80/", "https://example.com:80/")]
    [InlineData("http://example.com./x#y", "http://example.com/x")]
    [InlineData("http://[::1]:8080/a/../b", "http://[::1]:8080/b")]
    [InlineData("http://a?q", "http://a/?q")]
    [InlineData("http://a/%2fb", "http://a/%2Fb")]
    [InlineData("http://a/%61%7e%2D%5f%c3%bc", "http://a/a~-_%C3%BC")]
    [InlineData("http://a/ü/x y", "http://a/%C3%BC/x%20y")]
    [InlineData("http://a/%2561", "http://a/%2561")]
    [InlineData("http://a/x/%2e%2E/b", "http://a/b")]
    [InlineData("http://a/x%2f..%2fb", "http://a/b")]
    [InlineData("http://a/x/.%2e/b", "http://a/b")]
    [InlineData("http://a/x/%252e%252e/b", "http://a/x/%252e%252e/b")]
    [InlineData("http://a/%26%3b%3D", "http://a/%26%3B%3D")]
    [InlineData("http://a/%61?%61=%2f", "http://a/a?%61=%2f")]
    [InlineData("http://a/Path", "http://a/Path")]
    public void A_URL_has_one_key(string url, string expected)
    {
        Assert.True(CacheKey.TryMake(url, out var key));
        Assert.Equal(expected, key);
    }

    [Theory]
    [InlineData("example.com/")]
    [InlineData("ftp://example.com/")]
    [InlineData("http:///x")]
    [InlineData("http://a b/")]
    [InlineData("http://a/%zz")]
    [InlineData("")]
    public void What_is_no_URL_has_none(string url) => Assert.False(CacheKey.TryMake(url, out _));

    [Theory]
    [InlineData("/b", "http://a.example/b")]
    [InlineData("b?c", "http://a.example/x/b?c")]
    [InlineData("http://A.example:80/b", "http://a.example/b")]
    [InlineData("//a.example/b", "http://a.example/b")]
    [InlineData("../b", "http://a.example/b")]
    public void A_reference_within_the_origin_is_obsolete_too(string reference, string expected)
    {
        Assert.True(InvalidatedKeys.TryResolve("http://a.example/x/y?z", reference, out var key));
        Assert.Equal(expected, key);
    }

    [Theory]
    [InlineData("http://b.example/b")]
    [InlineData("https://a.example/b")]
    [InlineData("http://a.example:81/b")]
    [InlineData("//b.example/")]
    [InlineData("mailto:x")]
    [InlineData("http://[")]
    [InlineData("")]
    [InlineData(null)]
    public void Nobody_makes_another_origins_answers_obsolete(string? reference) =>
        Assert.False(InvalidatedKeys.TryResolve("http://a.example/x/y?z", reference, out _));

    [Theory]
    [InlineData("GET", true)]
    [InlineData("HEAD", true)]
    [InlineData("OPTIONS", true)]
    [InlineData("POST", false)]
    [InlineData("M-SEARCH", false)]
    [InlineData("get", false)]
    public void A_method_that_nobody_knows_may_change_something(string method, bool safe) => Assert.Equal(safe, InvalidatedKeys.IsSafe(method));
}
