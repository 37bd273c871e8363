using Skitai.Engine.Proxy.Forwarding;
using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Tests.Proxy.Forwarding;

public sealed class AnswerFieldsTests
{
    private static readonly ClientOrigin Origin = new("https", "www.a.com");

    [Theory]
    [InlineData("/login?x#y", "/users/login?x#y")]
    [InlineData("/", "/users/")]
    [InlineData("http://10.0.0.7:5001/login", "https://www.a.com/users/login")]
    [InlineData("http://10.0.0.7:5001", "https://www.a.com/users/")]
    [InlineData("//10.0.0.7:5001/a", "https://www.a.com/users/a")]
    [InlineData("http://www.a.com/login", "http://www.a.com/users/login")]
    [InlineData("https://www.a.com?q", "https://www.a.com/users/?q")]
    public void A_url_of_the_members_own_becomes_one_that_the_client_can_use(string url, string expected) =>
        Assert.Equal(expected, AnswerFields.MapUrl(url, "www.a.com", "10.0.0.7:5001", Origin, "/users", "/users"));

    [Theory]
    [InlineData("login")]
    [InlineData("../x")]
    [InlineData("")]
    [InlineData("https://elsewhere.org/login")]
    [InlineData("mailto:a@b.c")]
    [InlineData("http://www.a.com.evil.org/login")]
    public void Any_other_url_stays(string url) =>
        Assert.Null(AnswerFields.MapUrl(url, "www.a.com", "10.0.0.7:5001", Origin, "/users", "/users"));

    /// <summary>Of a member that makes use of X-Forwarded-Prefix.</summary>
    [Theory]
    [InlineData("/outer/users/login")]
    [InlineData("/outer/users")]
    [InlineData("/outer/users?x")]
    public void What_has_the_announced_prefix_already_stays(string url)
    {
        Assert.Null(AnswerFields.MapUrl(url, "www.a.com", "10.0.0.7:5001", Origin, "/users", "/outer/users"));
        Assert.Null(AnswerFields.MapCookie($"id=1; Path={url}", "/users", "/outer/users"));
        Assert.Equal("https://www.a.com" + url, AnswerFields.MapUrl("http://10.0.0.7:5001" + url, "www.a.com", "10.0.0.7:5001", Origin, "/users", "/outer/users"));
        Assert.Equal("/users/users2", AnswerFields.MapUrl("/users2", "www.a.com", "10.0.0.7:5001", Origin, "/users", "/users"));
    }

    [Theory]
    [InlineData("http://10.0.0.7:5001/login", "/users/login")]
    [InlineData("http://10.0.0.7:5001", "/users/")]
    public void A_client_that_names_no_host_gets_a_path(string url, string expected) =>
        Assert.Equal(expected, AnswerFields.MapUrl(url, "10.0.0.7:5001", "10.0.0.7:5001", new ClientOrigin("http", ""), "/users", "/users"));

    [Fact]
    public void At_the_root_only_the_members_address_changes()
    {
        Assert.Null(AnswerFields.MapUrl("/login", "www.a.com", "m:1", Origin, "", ""));
        Assert.Null(AnswerFields.MapUrl("http://www.a.com/login", "www.a.com", "m:1", Origin, "", ""));
        Assert.Equal("https://www.a.com/login", AnswerFields.MapUrl("http://m:1/login", "www.a.com", "m:1", Origin, "", ""));
    }

    [Theory]
    [InlineData("id=1; Path=/", "id=1; Path=/users/")]
    [InlineData("id=1; path=/a; HttpOnly", "id=1; path=/users/a; HttpOnly")]
    [InlineData("id=1;Path = /a ;Secure", "id=1;Path =/users/a;Secure")]
    [InlineData("id=1; Path=/a; Path=/b", "id=1; Path=/a; Path=/users/b")]
    public void A_cookies_path_gets_the_mounts_prefix(string cookie, string expected) =>
        Assert.Equal(expected, AnswerFields.MapCookie(cookie, "/users", "/users"));

    [Theory]
    [InlineData("id=1")]
    [InlineData("id=1; HttpOnly")]
    [InlineData("id=1; Path=")]
    [InlineData("Path=/a")]
    public void A_cookie_without_a_path_stays(string cookie) => Assert.Null(AnswerFields.MapCookie(cookie, "/users", "/users"));

    [Fact]
    public void Every_cookie_and_location_of_an_answer_is_mapped()
    {
        var headers = new HeaderList();
        headers.Add("Set-Cookie", "a=1; Path=/");
        headers.Add("location", "/x");
        headers.Add("Content-Location", "/y");
        headers.Add("SET-COOKIE", "b=1; Path=/b");
        headers.Add("X-Location", "/z");
        AnswerFields.Map(headers, "www.a.com", "m:1", Origin, "/users", "/users");
        Assert.Equal(["a=1; Path=/users/", "/users/x", "/users/y", "b=1; Path=/users/b", "/z"], headers.Lines.ToArray().Select(line => line.Value));
    }
}
