
return answer
