using System.Globalization;
using Skitai.Engine.Caching.Rules;

namespace Skitai.Engine.Tests.Caching.Rules;

public sealed class HttpDateTests
{
    private static readonly DateTimeOffset s_now = new(2026, 11, 23, 9, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06 08:49:37")]
    [InlineData("Sunday, 06-Nov-94 08:49:37 GMT", "1994-11-06 08:49:37")]
    [InlineData("Sun Nov  6 08:49:37 1994", "1994-11-06 08:49:37")]
    [InlineData("Sun Nov 16 08:49:37 1994", "1994-11-16 08:49:37")]
    [InlineData(" Sun, 06 Nov 1994 08:49:37 GMT\t", "1994-11-06 08:49:37")]
    [InlineData("Tue, 19 Jan 2038 14:14:08 GMT", "2038-01-19 14:14:08")]
    [InlineData("Sun, 21 Nov 2286 04:46:39 GMT", "2286-11-21 04:46:39")]
    [InlineData("Thursday, 18-Aug-50 02:01:18 GMT", "2050-08-18 02:01:18")]
    [InlineData("Monday, 18-Aug-76 02:01:18 GMT", "2076-08-18 02:01:18")]
    [InlineData("Monday, 18-Aug-77 02:01:18 GMT", "1977-08-18 02:01:18")]
    [InlineData("Thu Aug  8 02:01:18 2050", "2050-08-08 02:01:18")]
    [InlineData("THU, 18 Aug 2050 02:01:18 GMT", "2050-08-18 02:01:18")]
    [InlineData("Thu, 18 AUG 2050 02:01:18 GMT", "2050-08-18 02:01:18")]
    [InlineData("Thu, 18 Aug 2050 02:01:18 gMT", "2050-08-18 02:01:18")]
    [InlineData("Sat, 31 Dec 2016 23:59:60 GMT", "2016-12-31 23:59:59")]
    public void The_three_forms_are_read(string text, string expected)
    {
        Assert.True(HttpDate.TryParse(text, s_now, out var date));
        Assert.Equal(DateTimeOffset.Parse(expected + "Z", CultureInfo.InvariantCulture), date);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("")]
    [InlineData("-1")]
    [InlineData("Thu, 18 Aug 2050 02:01:18 UTC")]
    [InlineData("Thu, 18 Aug 2050 02:01:18 AEST")]
    [InlineData("Thu, 18 Aug 2050 02:01:18")]
    [InlineData("Thu, 18 Aug 50 02:01:18 GMT")]
    [InlineData("Thu 18 Aug 2050 02:01:18 GMT")]
    [InlineData("Thu, 18  Aug  2050 02:01:18 GMT")]
    [InlineData("Thu, 18-Aug-2050 02:01:18 GMT")]
    [InlineData("Thu, 18 Aug 2050 02.01.18 GMT")]
    [InlineData("Thu, 18 Aug 2050 2:01:18 GMT")]
    [InlineData("Thu, 18 Aug 2050 2:01:18 GMT, Thu, 18 Aug 2050 2:01:19 GMT")]
    [InlineData("Thu, 31 Feb 2050 02:01:18 GMT")]
    [InlineData("Thu, 18 ugS 2050 02:01:18 GMT")]
    [InlineData("Xyz, 18 Aug 2050 02:01:18 GMT")]
    [InlineData("Thu, 18 Aug 2050 24:01:18 GMT")]
    [InlineData("Thu, 18 Aug 0000 02:01:18 GMT")]
    [InlineData("Thu, 00 Aug 2050 02:01:18 GMT")]
    [InlineData("Th, 18 Aug 2050 02:01:18 GMT xxxxx")]
    [InlineData("2050-08-18T02:01:18Z............")]
    public void What_is_nearly_a_date_is_none(string text) => Assert.False(HttpDate.TryParse(text, s_now, out _));
}
