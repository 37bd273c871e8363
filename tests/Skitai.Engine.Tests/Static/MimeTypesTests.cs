using System.Text;
using Skitai.Engine.Static;

namespace Skitai.Engine.Tests.Static;

public sealed class MimeTypesTests
{
    [Theory]
    [InlineData("index.html", "text/html; charset=utf-8")]
    [InlineData("a/b.min.JS", "text/javascript; charset=utf-8")]
    [InlineData("a.css", "text/css; charset=utf-8")]
    [InlineData("a.json", "application/json")]
    [InlineData("a.svg", "image/svg+xml")]
    [InlineData("a.tar.gz", "application/gzip")]
    [InlineData("a.woff2", "font/woff2")]
    [InlineData("a.wasm", "application/wasm")]
    [InlineData("README", "application/octet-stream")]
    [InlineData("a.d/README", "application/octet-stream")]
    [InlineData("a.", "application/octet-stream")]
    [InlineData("a.what", "application/octet-stream")]
    [InlineData("a.averylongextensionindeed", "application/octet-stream")]
    public void The_type_follows_the_extension(string name, string expected) =>
        Assert.Equal(expected, MimeTypes.Of(Encoding.UTF8.GetBytes(name)));
}
