using System.Text;
using Skitai.Engine.Apps;

namespace Skitai.Engine.Tests.Apps;

public sealed class AnswerHeadParserTests
{
    private readonly AnswerHeadParser _parser = new();

    [Fact]
    public void Headers_of_one_name_are_joined_and_the_length_is_apart()
    {
        var head = Parse("200 OK\0Content-Length\05\0set-cookie\0a\0X\01\0Set-Cookie\0b")!;
        Assert.Equal(200, head.Status);
        Assert.Null(head.Reason);
        Assert.Equal(5, head.ContentLength);
        Assert.Equal("a|b", string.Join('|', head.Headers.Single(header => header.Key == "Set-Cookie").Value.ToArray()));
        Assert.Equal(2, head.Headers.Length);
    }

    [Fact]
    public void The_same_bytes_give_the_same_head() => Assert.Same(Parse("200 OK\0A\0b"), Parse("200 OK\0A\0b"));

    [Theory]
    [InlineData("")]
    [InlineData("OK")]
    [InlineData("99 Low")]
    [InlineData("101 Switching Protocols")]
    [InlineData("2000 OK")]
    [InlineData("200 OK\r\nX: y")]
    [InlineData("200 OK\0Name")]
    [InlineData("200 OK\0\0value")]
    [InlineData("200 OK\0Na me\0value")]
    [InlineData("200 OK\0Name\0val\r\nue")]
    [InlineData("200 OK\0Transfer-Encoding\0chunked")]
    [InlineData("200 OK\0Connection\0close")]
    [InlineData("200 OK\0Content-Length\0-1")]
    [InlineData("200 OK\0Content-Length\01\0Content-Length\02")]
    public void What_must_not_be_sent_is_refused_with_a_reason(string block)
    {
        Assert.Null(_parser.Parse(Encoding.Latin1.GetBytes(block), out var fault));
        Assert.NotEmpty(fault);
        Assert.DoesNotContain(fault, char.IsControl);
    }

    private AnswerHead? Parse(string block) => _parser.Parse(Encoding.Latin1.GetBytes(block), out _);
}
